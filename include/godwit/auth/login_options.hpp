#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace godwit::auth {

/// What of a client's certificate is its user name.
enum class certificate_user : std::uint8_t { none, common_name, subject, alt_name };

/// The ways to log in that a listener offers. They are asked in the order of the members; the first
/// that knows the client decides.
struct login_methods {
  bool certificate = false;
  bool jwt = false;
  bool password = false;
  bool http = false;
  /// SCRAM-SHA-256 [RFC 7677]; for clients of MQTT 5 that ask for it, and for those it alone
  /// decides.
  bool scram = false;
  /// Clients that show nothing at all are let in as the anonymous user.
  bool anonymous = false;

  /// Nothing is asked for: everybody is the anonymous user, whatever they say.
  [[nodiscard]] bool is_open() const noexcept {
    return !certificate && !jwt && !password && !http && !scram;
  }
};

/// What a JSON Web Token must say, and what its claims mean. Empty: not asked for, not used.
struct jwt_options {
  std::string issuer{};             ///< `iss` must be this
  std::string audience{};           ///< `aud` must be or contain this
  std::string user_claim{};         ///< the user name; empty: "sub"
  std::string client_claim{};       ///< must be the client id
  std::string groups_claim{};       ///< a list of groups
  std::string acl_claim{};          ///< topics: {"publish": [...], "subscribe": [...]}
  std::chrono::seconds leeway{30};  ///< by which clocks may differ, for `exp` and `nbf`
};

/// How clients log in. Files are read by whoever starts the broker. Every member is a key of the
/// configuration.
struct login_options {
  std::string password_file;  ///< empty: none, like the other files
  std::string jwt_key_file;
  std::string jwks_file;
  jwt_options jwt;
  auth::certificate_user certificate_user = auth::certificate_user::none;
  std::string http_url;                           ///< of a service that is asked; empty: none
  std::chrono::milliseconds http_timeout{5'000};  ///< for one whole answer
  std::chrono::seconds http_cache{60};    ///< how long a good answer is remembered; 0 = not at all
  std::uint16_t http_threads = 4;         ///< that wait for answers
  std::uint32_t http_queue_max = 1'000;   ///< logins that wait for one of them
  std::uint16_t hash_threads = 1;         ///< that compute password hashes
  std::uint32_t hash_queue_max = 1'000;   ///< logins that wait for one of them
  std::uint32_t cache_entries = 100'000;  ///< good logins remembered, over all shards; 0 = none
  std::uint32_t failures_free = 10;       ///< wrong passwords before a sender is slowed
  std::chrono::milliseconds failure_interval{1'000};  ///< then one try in so long; 0 = never slowed
};

}  // namespace godwit::auth
