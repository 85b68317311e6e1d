#include "state_directory.hpp"

#include <cstdlib>

namespace godwit::daemon {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

/// Relative paths in these variables are to be ignored, says the XDG base directory specification.
bool is_full(const std::string& path) noexcept {
  return path.starts_with('/');
}

}  // namespace

state_environment state_environment::of_process() {
  return {variable("STATE_DIRECTORY"), variable("XDG_STATE_HOME"), variable("HOME")};
}

std::optional<std::string> default_state_directory(const state_environment& e) {
  if (is_full(e.state_directory)) {
    return e.state_directory.substr(0, e.state_directory.find(':')) + "/store";
  }
  if (is_full(e.xdg_state_home)) return e.xdg_state_home + "/godwit";
  if (is_full(e.home)) return e.home + "/.local/state/godwit";
  return std::nullopt;
}

}  // namespace godwit::daemon
