#pragma once

#include "command_line.hpp"

#include <godwit/auth/security.hpp>
#include <godwit/config/load.hpp>

#include <memory>

namespace godwit::daemon {

class signals;

/// Runs the broker until a signal ends it. `decides` is what `file` names of logins and rights.
/// Constructs every concrete thing there is, wires it up, and takes it down again. `file` is free
/// of mistakes; `line` says how it was found, for reloads. What keeps the broker from starting is
/// logged in one line, and the status says so.
[[nodiscard]] exit_status run_broker(const command_line& line, const config::loaded& file,
                                     std::shared_ptr<const auth::security> decides,
                                     signals& from_outside);

/// `file` with what the command line says differently.
void apply_overrides(const command_line& line, config::loaded& file);

}  // namespace godwit::daemon
