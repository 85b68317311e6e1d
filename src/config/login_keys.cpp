#include "make_key.hpp"

namespace godwit::config {

namespace {

constexpr std::uint64_t second = 1'000;
constexpr std::uint64_t hour = 3'600 * second;

template <class Kind, class T>
key<configuration> login(std::string_view path, Kind kind, T auth::login_options::*member,
                         std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.login.*member; }, doc);
}
template <class Kind, class T>
key<configuration> token(std::string_view path, Kind kind, T auth::jwt_options::*member,
                         std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.login.jwt.*member; }, doc);
}
template <class Kind, class T>
key<configuration> right(std::string_view path, Kind kind, T authorization_settings::*member,
                         std::string_view doc) {
  return make<configuration>(
      path, kind, [member](configuration& c) -> T& { return c.rights.*member; }, doc);
}
/// What stands behind the '?' of a URL may be a secret that the service asks for.
key<configuration> veiled(key<configuration> k) {
  k.veil = [](const std::string& url) {
    const auto query = url.find('?');
    return query == std::string::npos ? url : url.substr(0, query) + "?(hidden)";
  };
  return secret(std::move(k));
}
choice<auth::certificate_user> certificate_name() {
  using auth::certificate_user;
  return {{{"none", certificate_user::none},
           {"common-name", certificate_user::common_name},
           {"subject", certificate_user::subject},
           {"alt-name", certificate_user::alt_name}}};
}

}  // namespace

std::vector<key<configuration>> login_keys() {
  return {
      secret(login("authentication.password_file", input_or_word{"none"},
                   &auth::login_options::password_file,
                   "Users and devices with password hashes and tokens; mosquitto's files, too.")),
      login("authentication.certificate_user", certificate_name(),
            &auth::login_options::certificate_user,
            "What of a client's certificate is its user name."),
      at_start(
          login("authentication.hash_threads", count{{1, 64}}, &auth::login_options::hash_threads,
                "Threads that compute password hashes; one takes 20 ms and more, and 19 MiB.")),
      at_start(login("authentication.hash_queue_max", count{{1, 1'000'000}},
                     &auth::login_options::hash_queue_max,
                     "Logins that wait for one of them; more are refused as busy.")),
      at_start(login("authentication.cache_entries", count{{1, 100'000'000, "none"}},
                     &auth::login_options::cache_entries,
                     "Good logins that are remembered, so that their next one needs no hash.")),
      login("authentication.failures_free", count{{1, 1'000'000}},
            &auth::login_options::failures_free,
            "Wrong passwords of one address or user before they are slowed."),
      login("authentication.failure_interval", duration{{1, hour, "never slowed"}},
            &auth::login_options::failure_interval, "Then each shard takes one try in so long."),
      secret(login(
          "authentication.jwt.key_file", input_or_word{"none"}, &auth::login_options::jwt_key_file,
          "Public keys in PEM, or one shared secret, that JSON Web Tokens are signed with.")),
      secret(login("authentication.jwt.jwks_file", input_or_word{"none"},
                   &auth::login_options::jwks_file, "The same as a JSON Web Key Set.")),
      token("authentication.jwt.issuer", text_or_word{"any", "a text"}, &auth::jwt_options::issuer,
            "What the claim iss must be."),
      token("authentication.jwt.audience", text_or_word{"any", "a text"},
            &auth::jwt_options::audience, "What the claim aud must be or contain."),
      token("authentication.jwt.user_claim", text_or_word{"sub", "a claim's name"},
            &auth::jwt_options::user_claim, "The claim that is the user name."),
      token("authentication.jwt.client_claim", text_or_word{"none", "a claim's name"},
            &auth::jwt_options::client_claim, "The claim that must be the client id."),
      token("authentication.jwt.groups_claim", text_or_word{"none", "a claim's name"},
            &auth::jwt_options::groups_claim, "The claim that lists groups, for rules."),
      token("authentication.jwt.acl_claim", text_or_word{"none", "a claim's name"},
            &auth::jwt_options::acl_claim, "The claim that lists the only topics allowed."),
      token("authentication.jwt.leeway", duration{{second, hour, "none"}},
            &auth::jwt_options::leeway, "By how much clocks may differ, for exp and nbf."),

      veiled(login("authentication.http.url", text_or_word{"none", "an http:// address", {}, false},
                   &auth::login_options::http_url,
                   "Where a service is asked who is not in the file.")),
      login("authentication.http.timeout", duration{{1, 60 * second}},
            &auth::login_options::http_timeout,
            "How long one question may take; then the login is refused."),
      login("authentication.http.cache", duration{{second, 24 * hour, "none"}},
            &auth::login_options::http_cache, "How long a good answer is remembered."),
      at_start(login("authentication.http.threads", count{{1, 64}},
                     &auth::login_options::http_threads,
                     "Questions that are asked at the same time.")),
      at_start(login("authentication.http.queue_max", count{{1, 1'000'000}},
                     &auth::login_options::http_queue_max,
                     "Logins that wait to be asked about; more are refused as busy.")),

      right("authorization.rule_file", input_or_word{"none"}, &authorization_settings::rule_file,
            "Who may do what; without one of the two files everybody may do everything."),
      right("authorization.mosquitto_acl_file", input_or_word{"none"},
            &authorization_settings::mosquitto_acl_file, "The same in mosquitto's form."),
  };
}

}  // namespace godwit::config
