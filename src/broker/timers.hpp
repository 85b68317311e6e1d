#pragma once

#include <cstdint>

namespace godwit::broker {

/// What the shard's timer wheel can be due for; index and generation name whom it is about.
enum class timer_kind : std::uint32_t {
  connection_deadline,  ///< CONNECT timeout, keep alive, closing
  stalled_reader,
  paused_read,
  retry,
  session_expiry,
  held_publishes,
  settled_replay,
  share_handover,
  will_delay,
  retained_expiry,
  low_disk_hold,
  will_grace,
  login_expiry,
  publish_pace,
  memory_sweep,
  sys_topics,
};
struct timer_payload {
  timer_kind kind{};
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
};

}  // namespace godwit::broker
