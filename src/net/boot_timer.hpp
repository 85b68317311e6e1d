#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/net/socket_transport.hpp>

#include <functional>
#include <optional>

namespace godwit::net {

/// The one timer of a shard's thread, on CLOCK_BOOTTIME as all deadlines are (Asio's own stand
/// still while the machine sleeps). One system call per arming that brings it forward; a deadline
/// that moves back leaves it alone, and it fires early once.
class boot_timer {
 public:
  /// `on_fired` runs on the thread of `context`. Throws std::system_error.
  boot_timer(shard_context& context, std::function<void()> on_fired);

  /// Fires at this time, or earlier; at once when it has passed.
  void arm(base::steady_time when);

 private:
  void wait();

  shard_context& context_;
  descriptor timer_;
  std::function<void()> on_fired_;
  std::optional<base::steady_time> armed_;
};

}  // namespace godwit::net
