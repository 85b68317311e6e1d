#pragma once

#include <godwit/auth/jwt.hpp>
#include <godwit/auth/login_options.hpp>
#include <godwit/auth/password_file.hpp>
#include <godwit/auth/remote.hpp>
#include <godwit/auth/rule_set.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth {

/// How the clients of one listener may log in. A method that is offered has what it needs: the
/// password file, the keys or the service.
struct listener_policy {
  std::string name;
  login_methods ways;
};

/// All that decides about logins and rights, as read from the configuration and its files.
/// Immutable; shared by all shards, which take a new one at the start of a turn.
struct security {
  login_options login;
  std::vector<listener_policy> listeners;
  std::optional<password_file> passwords;
  std::optional<jwt_keys> keys;
  std::shared_ptr<const remote_authenticator> remote;  ///< null: there is none
  std::optional<rule_set> rules;                       ///< none: everything is allowed

  /// A listener that is not named lets nobody in.
  [[nodiscard]] const login_methods* find(std::string_view listener) const noexcept;
};

}  // namespace godwit::auth
