#pragma once

#include "ctl_remote.hpp"

namespace godwit::daemon {

/// Where the running broker listens: the line's socket, or what its configuration says. Throws when
/// that is nowhere.
[[nodiscard]] std::string control_path(const remote_line& line);

/// Asks the running broker and prints what it says; returns godwitctl's exit status.
[[nodiscard]] int run_remote(const remote_line& line);

}  // namespace godwit::daemon
