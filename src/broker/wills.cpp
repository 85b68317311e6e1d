#include "engine.hpp"

namespace godwit::broker {

namespace {

mqtt::message_fields fields_of(const mqtt::message& m) {
  mqtt::message_fields f;
  f.number = m.number();
  f.topic = m.topic();
  f.payload = m.payload();
  f.properties = m.properties();
  f.quality = m.quality();
  f.retain = m.retain();
  return f;
}

}  // namespace

/// The will belongs to the connection; its record lets it outlive the broker. [v311 MQTT-3.1.2-8]
void shard_engine::store_will(session_slot& s, const mqtt::connect_view& p,
                              const mqtt::will_view& w, std::string_view topic) {
  mqtt::message_fields f;
  f.number = next_number();
  f.topic = topic;
  f.payload = w.payload;
  f.quality = w.quality;
  f.retain = w.retain;
  f.arrival = now.wall;
  s.will = std::make_unique<held_will>(held_will{mqtt::message::make(f), p.keep_alive_s});
  records_.write(store::will_stored{s.client_id, s.will->message, p.keep_alive_s});
}

/// DISCONNECT came: it is never published. [v311 MQTT-3.14.4-3]
void shard_engine::drop_will(session_slot& s) {
  if (!GODWIT_SEEDED_BUG(will_record_kept)) {
    records_.write(store::will_removed{s.will->message->number(), {}});
  }
  s.will.reset();
}

/// Used once. [v311 MQTT-3.1.2-10] Its right to the topic is judged again.
void shard_engine::publish_will(session_slot& s) {
  const auto will = std::exchange(s.will, nullptr);
  if (!may_send_will(s.owner, s.client_id, *will->message)) {
    records_.write(store::will_removed{will->message->number(), {}});
    return;
  }
  send_will(*will->message);
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

/// It is published now, so it counts as new from here on.
void shard_engine::send_will(const mqtt::message& stored) {
  ports.counters.add(observe::counter::wills_published);
  mqtt::message_fields f = fields_of(stored);
  f.arrival = now.wall;
  if (f.retain) f.retain_version = ports.numbers.retain_version();
  publish_own(mqtt::message::make(f), f.number);
}

/// Wills of connections that were open when the broker ended wait for their clients to come back; a
/// client that does is alive, and its will is not sent.
void shard_engine::drop_restored_wills(std::string_view client_id) {
  if (restored_wills_.empty() || GODWIT_SEEDED_BUG(will_restored_in_spite)) return;
  const auto found = restored_wills_.find(std::string{client_id});
  if (found == restored_wills_.end()) return;
  for (const auto& m : found->second) records_.write(store::will_removed{m->number(), {}});
  restored_wills_.erase(found);
}

void shard_engine::publish_restored_wills() {
  for (const auto& [client_id, wills] : std::exchange(restored_wills_, {})) {
    // Who left it is known if the session is there, too.
    const session_slot* const s = find(find_session(client_id));
    const auto who = s != nullptr ? s->owner : auth::principal{{}, auth::knowledge::nothing};
    for (const auto& m : wills) {
      if (may_send_will(who, client_id, *m)) {
        send_will(*m);
      } else {
        records_.write(store::will_removed{m->number(), {}});
      }
    }
  }
}

}  // namespace godwit::broker
