#pragma once

#include "connection.hpp"
#include "process_probe.hpp"

#include <optional>

namespace godwit::bench {

/// The broker's memory once it stands still for half a second, or after five seconds: what was
/// freed a moment ago may not be with the system yet. Nothing without a pid. Runs the loop
/// meanwhile.
[[nodiscard]] std::optional<process_memory> settled_memory(event_loop& loop,
                                                           const process_probe& broker);

}  // namespace godwit::bench
