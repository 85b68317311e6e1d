#pragma once

#include <godwit/auth/login_options.hpp>
#include <godwit/auth/remote.hpp>
#include <godwit/base/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace godwit::auth_http {

/// "http://host:port/path" taken apart.
struct http_url {
  std::string host;
  std::string port;
  std::string path;
};
/// Why a text is no such address, for people.
struct url_mistake {
  std::string what;
};
[[nodiscard]] base::result<http_url, url_mistake> parse_url(std::string_view text);

/// Asks a service over HTTP: POST with a JSON object, one connection a question.
///
/// Asked: {"user_name", "password", "client_id", "address", "listener"}. Allowed is status 200 with
/// {"result": "allow"}, and maybe "groups" (a list of names) and "expires_in" (seconds, until the
/// connection is closed). Denied is 200 with {"result": "deny"}, 401 and 403. Everything else, a
/// body above 64 KiB, and no whole answer within the time limit have failed.
class http_authenticator final : public auth::remote_authenticator {
 public:
  http_authenticator(http_url where, std::chrono::milliseconds timeout)
      : where_{std::move(where)}, timeout_{timeout} {}
  [[nodiscard]] auth::remote_answer ask(const auth::remote_question& about) const noexcept override;

 private:
  http_url where_;
  std::chrono::milliseconds timeout_;
};

}  // namespace godwit::auth_http
