#pragma once

#include "command_line.hpp"

#include <godwit/config/load.hpp>

namespace godwit::daemon {

/// Does one of the tasks `store verify | stats | backup | restore` and prints what came out on
/// standard output, mistakes on standard error. `backup` asks the godwitd that runs on the store,
/// if one does.
[[nodiscard]] exit_status run_store_command(const command_line& line, const config::loaded& file);

}  // namespace godwit::daemon
