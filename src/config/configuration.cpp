#include "login_words.hpp"

#include <godwit/config/configuration.hpp>

namespace godwit::config {

std::vector<listener> configuration::default_listeners() {
  listener six;
  six.options.name = "default6";
  six.options.bind = "::1";
  six.options.optional = true;
  return {listener{}, six};
}

auth::login_methods configuration::methods_of(const listener& l) const {
  const auth::login_methods possible = methods_set_up(login);
  if (l.authentication == "default") return possible;
  auth::login_methods out;
  for (const std::string_view word : split_words(l.authentication)) {
    out.certificate = out.certificate || (word == "certificate" && possible.certificate);
    out.jwt = out.jwt || (word == "jwt" && possible.jwt);
    out.password = out.password || (word == "password" && possible.password);
    out.http = out.http || (word == "http" && possible.http);
    out.scram = out.scram || (word == "scram" && possible.scram);
    out.anonymous = out.anonymous || word == "anonymous";
  }
  return out;
}

}  // namespace godwit::config
