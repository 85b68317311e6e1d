#include "publish_pace.hpp"

#include "engine.hpp"

#include <algorithm>

/// What one client may publish per second. A client that is too fast is not told and not
/// disconnected: its PUBLISHes stay unread, until TCP makes it wait.

namespace godwit::broker {

namespace {

/// So much at the full rate may come at once.
constexpr std::chrono::seconds burst{1};
/// Shorter pauses would cost more than they are worth.
constexpr std::chrono::milliseconds pause_min{100};

/// Pays for something that takes `cost` at the full rate.
void charge(base::steady_time& paid_until, base::duration cost, base::steady_time now) noexcept {
  paid_until = std::max(paid_until, now - burst) + cost;
}

}  // namespace

/// A PUBLISH is handled: the next one may have to wait. So one that is larger than what a second
/// allows gets through, too.
void shard_engine::charge_publish(connection_handle h, connection& c, std::size_t size) {
  const session::limits& l = options.limits;
  if (!c.pace) c.pace = std::make_unique<publish_pace>();
  publish_pace& its = *c.pace;
  constexpr base::duration second = std::chrono::seconds{1};
  if (l.publishes_per_second_max != 0) {
    charge(its.messages_paid_until, second / l.publishes_per_second_max, now.steady);
  }
  if (l.publish_bytes_per_second_max != 0) {
    const auto bytes = static_cast<base::duration::rep>(size);
    const auto per_second = static_cast<base::duration::rep>(l.publish_bytes_per_second_max);
    charge(its.bytes_paid_until, second * bytes / per_second, now.steady);
  }
  const base::steady_time paid_until = std::max(its.messages_paid_until, its.bytes_paid_until);
  if (paid_until <= now.steady || its.due) return;
  its.due = arm(std::max(paid_until, now.steady + pause_min), timer_kind::publish_pace, h.index,
                h.generation);
  const bool is_by_bytes = its.bytes_paid_until > its.messages_paid_until;
  ports.counters.add(is_by_bytes ? observe::counter::slowed_by_publish_bytes
                                 : observe::counter::slowed_by_publish_rate);
  if (std::exchange(its.is_logged, true)) return;
  log_refusal("client.slowed", {{"client", sessions_.at(c.session).client_id},
                                {"key", is_by_bytes ? "connection.publish_bytes_per_second_max"
                                                    : "connection.publishes_per_second_max"}});
}

/// While memory is short no PUBLISH is taken in; what has been acknowledged goes on to leave.
bool shard_engine::waits_for_memory(connection_handle h, connection& c) {
  if (memory_level() < observe::memory_level::slow_publishers) return false;
  if (!c.pace) c.pace = std::make_unique<publish_pace>();
  c.pace->due = arm(now.steady + pause_min, timer_kind::publish_pace, h.index, h.generation);
  ports.counters.add(observe::counter::slowed_by_memory);
  return true;
}

void shard_engine::on_publish_pace(connection_handle h) {
  connection* const c = connections_.find(h);
  if (c == nullptr || !c->pace) return;
  c->pace->due = {};
  go_on_reading(h, *c);
}

}  // namespace godwit::broker
