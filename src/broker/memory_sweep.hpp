#pragma once

#include <godwit/broker/user_board.hpp>

#include <cstddef>
#include <cstdint>

namespace godwit::broker {

/// A walk over connections and sessions, some of them at a time, that adds up what memory they
/// have besides their places.
struct memory_sweep {
  enum class stage : std::uint8_t { connections, sessions };
  stage at = stage::connections;
  std::uint32_t next = 0;
  std::size_t connections = 0;
  std::size_t output = 0;
  std::size_t sessions = 0;
  std::size_t queues = 0;
  user_board::sums queued_by_user;  ///< where users are limited
};

}  // namespace godwit::broker
