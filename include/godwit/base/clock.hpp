#pragma once

#include <chrono>
#include <cstdint>

namespace godwit::base {

/// Time since boot, suspend included (CLOCK_BOOTTIME). All deadlines use it. It has no now():
/// the time is an argument everywhere; only `clock` implementations read one.
struct steady {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<steady>;
  static constexpr bool is_steady = true;
};

using duration = std::chrono::nanoseconds;
using steady_time = steady::time_point;

/// Wall-clock time, milliseconds since the Unix epoch. Goes to disk and to people, not to timers.
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// Both times of one moment. Read once a turn.
struct moment {
  steady_time steady{};
  wall_time wall{};
};

/// The port through which the outermost layer reads the time. Implementations are thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual moment now() const noexcept = 0;
};

}  // namespace godwit::base
