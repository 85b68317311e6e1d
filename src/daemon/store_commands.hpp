#pragma once

#include "command_line.hpp"

#include <godwit/config/load.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace godwit::daemon {

/// Does one of the tasks `store verify | stats | backup | restore` and prints what came out on
/// standard output, mistakes on standard error. `backup` asks the godwitd that runs on the store,
/// if one does.
[[nodiscard]] exit_status run_store_command(const command_line& line, const config::loaded& file);

/// What the running broker answers to a request that came through its control socket: "ok ..." or
/// "error ...". `backup` copies the store to a path.
[[nodiscard]] std::string answer_request(std::string_view request,
                                         const std::function<void(const std::string&)>& backup);

}  // namespace godwit::daemon
