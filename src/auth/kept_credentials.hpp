#pragma once

#include <godwit/auth/authenticator.hpp>

#include <memory>
#include <optional>
#include <string>

namespace godwit::auth {

/// A copy of what a CONNECT says, for a login that takes longer than the call. Without the
/// password.
struct kept_credentials {
  kept_credentials() = default;
  explicit kept_credentials(const credentials& c)
      : client_id{c.client_id}, peer{c.peer}, listener{c.listener}, started{c.now} {
    if (c.user_name) user_name.emplace(*c.user_name);
    if (c.certificate != nullptr) {
      certificate = std::make_unique<const auth::certificate>(*c.certificate);
    }
  }

  /// Borrows all of it.
  [[nodiscard]] credentials view() const noexcept {
    credentials c;
    c.client_id = client_id;
    if (user_name) c.user_name = *user_name;
    c.peer = peer;
    c.listener = listener;
    c.certificate = certificate.get();
    c.now = started;
    return c;
  }

  std::string client_id;
  std::optional<std::string> user_name;
  std::string peer;
  std::string listener;
  std::unique_ptr<const auth::certificate> certificate;
  base::moment started;
};

}  // namespace godwit::auth
