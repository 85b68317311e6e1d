#include "check.hpp"

#include "address.hpp"
#include "login_words.hpp"
#include "values.hpp"

#include <set>

namespace godwit::config {

void check_listeners(loaded& file) {
  const auto blame = [&file](std::size_t index, std::string_view key, const std::string& what) {
    const std::string path = "listeners[" + std::to_string(index) + "]";
    const std::string full = path + "." + std::string(key);
    const auto exact = file.origins.find(full);
    const auto entry = file.origins.find(path);
    const position where = exact != file.origins.end()   ? exact->second
                           : entry != file.origins.end() ? entry->second
                                                         : position{};
    file.mistakes.push_back({where, full + ": " + what});
  };
  std::set<std::string> names;
  std::set<std::pair<std::string, std::uint16_t>> addresses;
  for (std::size_t i = 0; i < file.value.listeners.size(); ++i) {
    const listener& l = file.value.listeners[i];
    const net::listener_options& o = l.options;
    if (!names.insert(o.name).second) {
      blame(i, "name", quoted(o.name) + " names another listener already");
    }
    if (o.port != 0 && !addresses.insert({o.bind, o.port}).second) {
      blame(i, "port", "another listener has this address and port already");
    }
    if (const auto missing = find_not_set_up(l.authentication, file.value.login)) {
      blame(i, "authentication", *missing);
    }
    const auth::login_methods ways = file.value.methods_of(l);
    const bool is_open = ways.is_open() || ways.anonymous;
    if (is_open && o.bind != "localhost" && !o.is_path() && !is_loopback(o.bind) &&
        !l.allow_anonymous_remote) {
      blame(i, "bind",
            quoted(o.bind) +
                " can be reached from other machines, and everybody gets in without a password; "
                "set up \"authentication\", or, if that is meant, add \"allow_anonymous_remote: "
                "true\" to this listener");
    }
  }
}

void check_rights(loaded& file) {
  const authorization_settings& r = file.value.rights;
  if (r.rule_file.empty() || r.mosquitto_acl_file.empty()) return;
  const auto at = file.origins.find("authorization.mosquitto_acl_file");
  file.mistakes.push_back({at != file.origins.end() ? at->second : position{},
                           "authorization.mosquitto_acl_file: there is a rule_file already; rights "
                           "are in one file"});
}

void check_tls(loaded& file) {
  for (std::size_t i = 0; i < file.value.listeners.size(); ++i) {
    const std::string path = "listeners[" + std::to_string(i) + "].tls.";
    const net::tls_options& o = file.value.listeners[i].options.tls;
    const auto blame = [&](std::string_view key, const std::string& what) {
      const std::string full = path + std::string(key);
      const auto where = file.origins.find(full);
      file.mistakes.push_back(
          {where == file.origins.end() ? position{} : where->second, full + ": " + what});
    };
    if (o.certificates.size() != o.keys.size()) {
      blame(o.is_on() ? "certificate" : "key",
            "there are " + std::to_string(o.certificates.size()) + " certificates and " +
                std::to_string(o.keys.size()) +
                " keys; name one key for each certificate, in their order");
    }
    if (!o.is_on() && !o.ca.empty()) blame("ca", "serves for nothing without tls.certificate");
    if (o.ca.empty() && !o.crl.empty()) blame("crl", "serves for nothing without tls.ca");
  }
}

}  // namespace godwit::config
