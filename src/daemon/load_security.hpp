#pragma once

#include <godwit/auth/security.hpp>
#include <godwit/config/configuration.hpp>
#include <godwit/config/load.hpp>

#include <memory>
#include <string>
#include <vector>

namespace godwit::daemon {

/// What is wrong with one of the files that decide about logins and rights.
struct security_mistake {
  std::string path;
  config::mistake what;
};

/// `value` only if nothing is wrong.
struct loaded_security {
  std::shared_ptr<const auth::security> value;
  std::vector<security_mistake> mistakes;
};

/// Reads every file that `authentication` and `authorization` name: all of it is right, or nothing
/// is used. Secrets that others can read are refused, and so is anything that others can change.
[[nodiscard]] loaded_security load_security(const config::configuration& c);

/// The line for people: `path:line:column: what`.
[[nodiscard]] std::string describe(const security_mistake& m);

}  // namespace godwit::daemon
