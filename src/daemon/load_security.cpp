#include "load_security.hpp"

#include <godwit/auth/mosquitto_acl.hpp>
#include <godwit/auth_http/http_authenticator.hpp>
#include <godwit/config/rules.hpp>
#include <godwit/net/read_input.hpp>

#include <filesystem>

namespace godwit::daemon {
namespace {

constexpr std::size_t password_bytes_max = 268'435'456;
constexpr std::size_t key_bytes_max = 1'048'576;

class loader {
 public:
  loaded_security load(const config::configuration& c) {
    auto made = std::make_shared<auth::security>();
    made->login = c.login;
    for (const config::listener& l : c.listeners) {
      made->listeners.push_back({l.options.name, c.methods_of(l)});
    }
    load_passwords(c.login.password_file, *made);
    load_keys(c.login.jwt_key_file, &auth::jwt_keys::from_key_file, *made);
    load_keys(c.login.jwks_file, &auth::jwt_keys::from_jwks, *made);
    load_service(c.login, *made);
    load_rules(c.rights, *made);
    if (out_.mistakes.empty()) out_.value = std::move(made);
    return std::move(out_);
  }

 private:
  void blame(const std::string& path, std::string what, config::position where = {}) {
    out_.mistakes.push_back({path, {where, std::move(what)}});
  }
  void blame_all(const std::string& path, const std::vector<auth::mistake>& mistakes) {
    for (const auth::mistake& m : mistakes) blame(path, m.what, {m.line, m.line == 0 ? 0U : 1U});
  }

  std::optional<net::file_text> read(const std::string& path, std::size_t bytes_max) {
    if (path.empty()) return std::nullopt;
    auto file = net::read_input(path, bytes_max);
    if (!file) {
      blame(path, file.error().what);
      return std::nullopt;
    }
    if (auto wrong = net::exposure_of(*file, net::secrecy::open)) {
      blame(path, *std::move(wrong));
      return std::nullopt;
    }
    return *std::move(file);
  }
  bool is_kept_secret(const std::string& path, const net::file_text& file) {
    auto wrong = net::exposure_of(file, net::secrecy::secret);
    if (wrong) blame(path, *wrong);
    return !wrong;
  }

  void load_passwords(const std::string& path, auth::security& s) {
    const auto file = read(path, password_bytes_max);
    if (!file || !is_kept_secret(path, *file)) return;
    auto parsed = auth::password_file::parse(file->text);
    if (parsed) {
      s.passwords = *std::move(parsed);
    } else {
      blame_all(path, parsed.error());
    }
  }

  template <class Parse>
  void load_keys(const std::string& path, Parse parse, auth::security& s) {
    const auto file = read(path, key_bytes_max);
    if (!file) return;
    auto keys = parse(file->text);
    if (!keys) {
      blame_all(path, keys.error());
    } else if (!keys->holds_secrets() || is_kept_secret(path, *file)) {
      if (!s.keys) s.keys.emplace();
      s.keys->add(*keys);
    }
  }

  void load_service(const auth::login_options& o, auth::security& s) {
    if (o.http_url.empty()) return;
    auto where = auth_http::parse_url(o.http_url);
    if (where) {
      s.remote =
          std::make_shared<const auth_http::http_authenticator>(*std::move(where), o.http_timeout);
    } else {
      blame("authentication.http.url", where.error().what);
    }
  }

  void load_rules(const config::authorization_settings& r, auth::security& s) {
    const bool is_ours = !r.rule_file.empty();
    const std::string& path = is_ours ? r.rule_file : r.mosquitto_acl_file;
    const auto file = read(path, config::rule_bytes_max);
    if (!file) return;
    // Decisions name the file as people do.
    const std::string name = std::filesystem::path{path}.filename().string();
    auth::rule_file_options rules;
    if (is_ours) {
      config::loaded_rules loaded = config::load_rules(file->text, name);
      for (config::mistake& m : loaded.mistakes) blame(path, std::move(m.what), m.where);
      if (!loaded.mistakes.empty()) return;
      rules = std::move(loaded.value);
    } else {
      auto parsed = auth::parse_mosquitto_acl(file->text, name);
      if (!parsed) {
        blame_all(path, parsed.error());
        return;
      }
      rules = *std::move(parsed);
    }
    auto compiled = auth::rule_set::compile(rules);
    if (compiled) {
      s.rules = *std::move(compiled);
    } else {
      blame_all(path, compiled.error());
    }
  }

  loaded_security out_;
};

}  // namespace

loaded_security load_security(const config::configuration& c) {
  return loader{}.load(c);
}

std::string describe(const security_mistake& m) {
  return config::describe(m.what, m.path);
}

}  // namespace godwit::daemon
