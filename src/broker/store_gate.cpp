#include "engine.hpp"

#include <algorithm>

/// What happens to new durable messages and state while the store is behind, or its disk is low
/// (docs/threading.md, "When the store has no room, or no disk").

namespace godwit::broker {

/// At the start of a turn, so that everything in it is judged alike.
void shard_engine::look_at_store() {
  store_has_room_ = ports.durable_store.has_room();
  const store::condition before = std::exchange(store_state_, ports.durable_store.state());
  if (before == store_state_ || self.value() != 0) return;  // one shard tells
  switch (store_state_) {
    case store::condition::good:
      log(observe::log_level::info, "store.good", {});
      break;
    case store::condition::low_disk:
      log(observe::log_level::warn, "store.low_disk",
          {{"effect", "no new durable messages, sessions and subscriptions"},
           {"key", "store.low_disk"}});
      break;
    case store::condition::full:
      log(observe::log_level::error, "store.full",
          {{"effect", "nothing durable is acknowledged"}, {"remedy", "free disk space"}});
      break;
    case store::condition::failed:
      log(observe::log_level::error, "store.failed",
          {{"effect", "nothing durable is acknowledged"}, {"remedy", "restart, after a look"}});
      break;
  }
}

bool shard_engine::has_store_changed() const noexcept {
  return ports.durable_store.state() != store_state_ ||
         ports.durable_store.has_room() != store_has_room_;
}

/// What a PUBLISH has to wait for before anything is done about it.
store_wait shard_engine::store_wait_of(const mqtt::message_fields& m) {
  if (m.quality == mqtt::qos::at_most_once && !m.retain) return store_wait::none;
  const bool clears = m.retain && m.payload.empty();  // and so frees disk
  if (is_disk_low() && !clears && may_become_durable(m)) return store_wait::disk;
  return store_has_room_ ? store_wait::none : store_wait::room;
}

bool shard_engine::may_become_durable(const mqtt::message_fields& m) {
  if (m.retain) return true;
  const routing::resolution& r = router_.resolve(m.topic);
  if (r.others != 0 || !r.groups.empty()) return true;
  return std::any_of(r.subscribers.begin(), r.subscribers.end(), [&](const routing::match& one) {
    return one.quality != mqtt::qos::at_most_once &&
           sessions_[one.subscriber.value()].is_persistent();
  });
}

void shard_engine::park_for_store(connection_handle h, connection& c, routed_message& m,
                                  mqtt::packet_id id, store_wait what) {
  park(h, c, m, id, 0, {});
  set_store_wait(h, c, what);
}

/// Room comes back by itself, so only the wait for disk ends.
void shard_engine::set_store_wait(connection_handle h, connection& c, store_wait what) {
  parked_publish& p = *c.parked;
  if (p.waits == what) return;
  p.waits = what;
  timers_.cancel(std::exchange(p.refused_at, {}));
  if (what != store_wait::disk) return;
  p.refused_at = arm(now.steady + options.limits.low_disk_hold, timer_kind::low_disk_hold, h.index,
                     h.generation);
}

/// Judges a parked PUBLISH again; from here it begins as if it had come now.
void shard_engine::retry_for_store(connection_handle h, connection& c) {
  const base::ref<const mqtt::message> message = c.parked->message;
  const mqtt::message_fields fields = message->fields();
  const store_wait what = store_wait_of(fields);
  const bool is_refused = what == store_wait::disk && mqtt::policy_for(c.version).has_reason_codes;
  set_store_wait(h, c, is_refused ? store_wait::none : what);
  if (what != store_wait::none && !is_refused) return;
  const std::unique_ptr<parked_publish> p = std::move(c.parked);
  // A retained one is made anew, because it gets its version only now.
  routed_message m = message->retain() ? routed_message{fields} : routed_message{message};
  m.set_read_at(p->since);
  start_publish(h, c, m, p->id);
  go_on_reading(h, c);
}

/// The connection ends before anything was done about its PUBLISH.
void shard_engine::refuse_parked(const parked_publish& p, const session::close_reason& reason) {
  timers_.cancel(p.refused_at);
  ports.counters.add(reason.cause == session::close_cause::low_disk
                         ? observe::refuse_reason::store_unavailable
                         : observe::refuse_reason::connection_closing);
}

void shard_engine::on_low_disk_hold(connection_handle h) {
  connection* const c = connections_.find(h);
  if (c == nullptr || !c->parked || c->parked->waits != store_wait::disk) return;
  c->parked->refused_at = {};
  doom(h, {session::close_cause::low_disk,
           {mqtt::reason_code::quota_exceeded, "",
            "a publish waited for store.low_disk_hold, and the disk is below store.low_disk"}});
}

}  // namespace godwit::broker
