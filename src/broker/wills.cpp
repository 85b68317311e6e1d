#include "engine.hpp"
#include "publisher_mark.hpp"

#include <algorithm>

namespace godwit::broker {

/// The will belongs to the connection; its record lets it outlive the broker. [v311 MQTT-3.1.2-8]
/// [v5 MQTT-3.1.2-7]
void shard_engine::store_will(session_slot& s, const mqtt::connect_view& p,
                              const mqtt::will_view& w, std::string_view topic) {
  forwardable_.clear();
  mqtt::append_forwardable(w.properties, forwardable_);
  mqtt::message_fields f;
  f.number = next_number();
  f.topic = topic;
  f.payload = w.payload;
  f.properties = forwardable_;
  f.quality = w.quality;
  f.retain = w.retain;
  f.arrival = now.wall;
  f.expiry_s = expiry_of(w.properties, topic);
  if (f.retain) mark_publisher(f, s);
  s.will = std::make_unique<held_will>(held_will{mqtt::message::make(f), p.keep_alive_s,
                                                 w.properties.will_delay_interval().value_or(0)});
  records_.write(store::will_stored{s.client_id, s.will->message, p.keep_alive_s, s.will->delay_s});
}

/// DISCONNECT came: it is never published. [v311 MQTT-3.14.4-3] [v5 MQTT-3.14.4-3]
void shard_engine::drop_will(session_slot& s) {
  if (!GODWIT_SEEDED_BUG(will_record_kept)) {
    records_.write(store::will_removed{s.will->message->number(), {}});
  }
  s.will.reset();
}

/// Used once. [v311 MQTT-3.1.2-10] [v5 MQTT-3.1.2-10] Its right to the topic is judged again.
void shard_engine::publish_will(session_handle h, session_slot& s) {
  const auto will = std::exchange(s.will, nullptr);
  if (!may_send_will(s.owner, s.client_id, *will->message)) {
    records_.write(store::will_removed{will->message->number(), {}});
    return;
  }
  send_will(*will->message, h);
  if (GODWIT_SEEDED_BUG(will_kept_after_use)) s.will = std::make_unique<held_will>(*will);
}

bool shard_engine::may_send_will(const auth::principal& who, std::string_view client_id,
                                 const mqtt::message& m) {
  const auto what = m.retain() ? auth::action::will_retain : auth::action::will;
  const auto allowed = ports.authorizer.check(who, client_id, what, m.topic());
  if (allowed.permits(m.quality())) return true;
  log_refusal(
      "will.denied",
      {{"client", client_id}, {"topic", m.topic()}, {"rule", std::string_view{allowed.rule}}});
  return false;
}

/// Who left it is known if the session is there, too.
void shard_engine::send_restored_will(std::string_view client_id, const mqtt::message& m) {
  const session_handle h = find_session(client_id);
  const session_slot* const s = find(h);
  const auto who = s != nullptr ? s->owner : auth::principal{{}, auth::knowledge::nothing};
  if (may_send_will(who, client_id, m)) {
    send_will(m, h);
  } else {
    records_.write(store::will_removed{m.number(), {}});
  }
}

/// Its connection has ended, the session goes on: the will waits for its delay, or for the end of
/// the session if that is earlier. [v5 MQTT-3.1.2-8]
void shard_engine::delay_will(session_handle h, session_slot& s) {
  const std::chrono::seconds delay{std::min(s.will->delay_s, s.expiry_s)};
  s.extra().will_due = arm(now.steady + delay, timer_kind::will_delay, h.index, h.generation);
}

/// The client is back in time. [v5 MQTT-3.1.3-9]
void shard_engine::cancel_delayed_will(session_slot& s) {
  if (!s.extras || !s.extras->will_due || GODWIT_SEEDED_BUG(will_delay_not_cancelled)) return;
  timers_.cancel(std::exchange(s.extras->will_due, {}));
  drop_will(s);
}

/// It is published now, so it counts as new from here on.
void shard_engine::send_will(const mqtt::message& stored, session_handle publisher) {
  ports.counters.add(observe::counter::wills_published);
  mqtt::message_fields f = stored.fields();
  f.arrival = now.wall;
  if (f.retain) f.retain_version = ports.numbers.retain_version();
  publish_own(mqtt::message::make(f), f.number, publisher);
}

/// Wills of connections that were open when the broker ended wait for their clients to come back; a
/// client that does is alive, and its will is not sent.
void shard_engine::drop_restored_wills(std::string_view client_id) {
  if (restored_wills_.empty() || GODWIT_SEEDED_BUG(will_restored_in_spite)) return;
  const auto found = restored_wills_.find(std::string{client_id});
  if (found == restored_wills_.end()) return;
  for (const restored_will& w : found->second) {
    records_.write(store::will_removed{w.message->number(), {}});
  }
  restored_wills_.erase(found);
}

/// The session has ended, and with it the delay of its will. [v5 MQTT-3.1.2-8]
void shard_engine::end_restored_wills(std::string_view client_id) {
  if (restored_wills_.empty()) return;
  const auto found = restored_wills_.find(std::string{client_id});
  if (found == restored_wills_.end()) return;
  std::vector<restored_will> due;
  std::erase_if(found->second, [&](const restored_will& w) {
    if (w.ends_with_session) due.push_back(w);
    return w.ends_with_session;
  });
  if (found->second.empty()) restored_wills_.erase(found);
  for (const restored_will& w : due) send_restored_will(client_id, *w.message);
}

/// Those that are due. In the order of their numbers, so that a run repeats.
void shard_engine::publish_restored_wills() {
  std::vector<std::pair<restored_will, std::string>> due;
  for (auto at = restored_wills_.begin(); at != restored_wills_.end();) {
    std::erase_if(at->second, [&](const restored_will& w) {
      if (w.due > now.steady) return false;
      due.emplace_back(w, at->first);
      return true;
    });
    at = at->second.empty() ? restored_wills_.erase(at) : std::next(at);
  }
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return a.first.message->number() < b.first.message->number();
  });
  for (const auto& [w, client_id] : due) send_restored_will(client_id, *w.message);
  arm_restored_wills();
}

void shard_engine::arm_restored_wills() {
  timers_.cancel(std::exchange(restored_wills_due_, {}));
  if (restored_wills_.empty()) return;
  auto first = base::steady_time::max();
  for (const auto& [client, wills] : restored_wills_) {
    for (const restored_will& w : wills) first = std::min(first, w.due);
  }
  restored_wills_at_ = first;
  restored_wills_due_ = arm(first, timer_kind::will_grace, 0, 0);
}

}  // namespace godwit::broker
