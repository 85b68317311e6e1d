#include "login_words.hpp"

#include <algorithm>
#include <array>

namespace godwit::config {
namespace {

struct way {
  std::string_view word;
  bool auth::login_methods::*member;
  std::string_view keys;  ///< that set it up
};

constexpr std::array<way, 6> ways{{
    {"certificate", &auth::login_methods::certificate, "authentication.certificate_user"},
    {"jwt", &auth::login_methods::jwt, "authentication.jwt.key_file or jwks_file"},
    {"password", &auth::login_methods::password, "authentication.password_file"},
    {"http", &auth::login_methods::http, "authentication.http.url"},
    {"scram", &auth::login_methods::scram, "authentication.password_file"},
    {"anonymous", &auth::login_methods::anonymous, ""},
}};

}  // namespace

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find_first_of(", ");
    if (end != 0) out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

bool is_way_to_log_in(std::string_view text) {
  if (text == "default" || text == "none") return true;
  const auto words = split_words(text);
  return !words.empty() && words != std::vector<std::string_view>{"anonymous"} &&
         std::ranges::all_of(words, [](std::string_view word) {
           return std::ranges::find(ways, word, &way::word) != ways.end();
         });
}

auth::login_methods methods_set_up(const auth::login_options& o) {
  auth::login_methods out;
  out.certificate = o.certificate_user != auth::certificate_user::none;
  out.jwt = !o.jwt_key_file.empty() || !o.jwks_file.empty();
  out.password = !o.password_file.empty();
  out.http = !o.http_url.empty();
  out.scram = out.password;
  return out;
}

std::optional<std::string> find_not_set_up(std::string_view text, const auth::login_options& o) {
  const auth::login_methods possible = methods_set_up(o);
  for (const std::string_view word : split_words(text)) {
    for (const way& w : ways) {
      if (w.word != word || w.keys.empty() || possible.*w.member) continue;
      return std::string{word} + " needs " + std::string{w.keys};
    }
  }
  return std::nullopt;
}

}  // namespace godwit::config
