#pragma once

#include <godwit/observe/counters.hpp>
#include <godwit/observe/log.hpp>

#include <cstdint>
#include <vector>

namespace godwit::daemon {

/// How the shards ended: with everything settled, or with something on its way.
enum class ending : std::uint8_t { settled, cut_short };

/// Logs both sums of what the shards have counted: where the publishes that came and the copies
/// that were made have gone, and how many cannot be told. Those are an error if all was settled.
void log_balance(observe::logger& log, const std::vector<observe::counters>& shards, ending how);

}  // namespace godwit::daemon
