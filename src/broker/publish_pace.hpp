#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/base/timer_wheel.hpp>

namespace godwit::broker {

/// How fast one connection publishes, as two token buckets: until when what it has published is
/// paid for. As long as that is not in the future, it may go on.
struct publish_pace {
  base::steady_time messages_paid_until{};
  base::steady_time bytes_paid_until{};
  base::timer_token due{};  ///< set: it is slowed until then
  bool is_logged = false;   ///< once per connection
};

}  // namespace godwit::broker
