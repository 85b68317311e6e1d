#include "control_path.hpp"

#include "state_directory.hpp"

namespace godwit::daemon {

std::string control_path_of(const config::configuration& c, const std::string& directory) {
  if (!c.control.path.empty()) return c.control.path;
  if (c.store.kept == config::persistence::none) return {};
  std::string in = directory.empty() ? c.store.directory : directory;
  if (in.empty()) {
    in = default_state_directory(state_environment::of_process()).value_or(std::string{});
  }
  return in.empty() ? std::string{} : in + "/control";
}

}  // namespace godwit::daemon
