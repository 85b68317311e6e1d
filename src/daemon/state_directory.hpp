#pragma once

#include <optional>
#include <string>

namespace godwit::daemon {

/// What the environment says about where state lives; empty = not set.
struct state_environment {
  std::string state_directory;  ///< STATE_DIRECTORY, set by the service manager
  std::string xdg_state_home;   ///< XDG_STATE_HOME
  std::string home;             ///< HOME

  [[nodiscard]] static state_environment of_process();
};

/// The directory of the store when the configuration names none: `store` in the service's state
/// directory (the first, if there are several), where the service's user can put backups beside it,
/// else `godwit` in the user's state home. Nothing if the environment names neither.
[[nodiscard]] std::optional<std::string> default_state_directory(const state_environment& e);

}  // namespace godwit::daemon
