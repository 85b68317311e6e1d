#pragma once

#include <godwit/broker/shard_options.hpp>
#include <godwit/net/options.hpp>
#include <godwit/observe/log.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::config {

/// One listener of the file: what `net` opens, and what only the configuration decides.
struct listener {
  net::listener_options options;
  bool allow_anonymous_remote = false;  ///< asked for by name, as the address is not loopback
};

/// Everything a configuration file says, with the defaults of what it leaves out. The defaults of
/// the members are the broker's; config/godwit.yaml shows them, and a test keeps the two equal.
struct configuration {
  std::vector<listener> listeners = default_listeners();
  std::size_t shards = 0;                    ///< 0 = one per core
  std::uint32_t connections_max = 0;         ///< of the whole broker; 0 = none
  std::uint64_t queue_memory = 268'435'456;  ///< bytes, of the whole broker; 0 = no limit
  /// `shards`, `seed`, `connections_max` and `queue_memory_bytes` are set by whoever starts the
  /// broker.
  broker::shard_options broker;
  net::tuning net;
  observe::log_options log;

  /// 127.0.0.1 and, where the machine has it, ::1; port 1883.
  [[nodiscard]] static std::vector<listener> default_listeners();
};

}  // namespace godwit::config
