#include "connect_rules.hpp"
#include "counting.hpp"
#include "engine.hpp"
#include "publisher_mark.hpp"
#include "turn_cost.hpp"

#include <godwit/mqtt/utf8.hpp>

#include <algorithm>
#include <bit>

namespace godwit::broker {

shard_engine::handled shard_engine::on_publish(connection_handle h, connection& c,
                                               const mqtt::frame& f) {
  const auto decoded = mqtt::decode_publish(f, c.version);
  if (!decoded) {
    fail(h, decoded.error());
    return handled::ended;
  }
  const mqtt::publish_view& p = *decoded;
  session_slot& s = sessions_.at(c.session);
  std::string repaired;
  std::string_view topic = p.topic;
  if (c.version == mqtt::protocol_version::v31 && mqtt::needs_utf8_repair(topic)) {
    repaired = mqtt::repair_utf8(topic);
    topic = repaired;
  }
  if (const auto wrong = judge_publish(c, p, topic)) {
    fail(h, *wrong);
    return handled::ended;
  }
  ports.counters.add_publish_received(static_cast<std::size_t>(p.quality));
  ports.counters.add(observe::counter::publish_bytes_received, p.payload.size());
  if (p.quality == mqtt::qos::exactly_once && s.received.contains(p.id)) {
    // A repetition: answered like the first, delivered once. [v311 MQTT-4.3.3-2]
    ports.counters.add(observe::counter::publish_duplicates);
    answer_now(h, c,
               {.type = mqtt::packet_type::pubrec,
                .id = p.id,
                .waits_for = s.received.is_committing(p.id) &&
                                     !GODWIT_SEEDED_BUG(qos2_repetition_answered_at_once)
                                 ? first_publish
                                 : 0});
    return handled::yes;
  }
  ports.counters.add(observe::counter::publish_received);
  s.books.publish_taken();
  // Each level of a topic is searched, and none so long is remembered: 65,535 of them take a turn.
  constexpr std::size_t usual_topic_max = 1'024;
  constexpr std::size_t bytes_per_packet = 16;
  if (topic.size() > usual_topic_max) spend(budget_, topic.size() / bytes_per_packet);
  if (has_too_many_user_properties(p.properties, options.limits)) {
    ports.counters.add(observe::refuse_reason::quota_exceeded);
    s.books.publish_settled();
    log_refusal(
        "publish.refused",
        {{"client", s.client_id}, {"topic", topic}, {"key", "connection.user_properties_max"}});
    answer_publish(h, c, p.quality, p.id, mqtt::reason_code::quota_exceeded, too_many_properties);
    return handled::yes;
  }
  const auto what = p.retain ? auth::action::publish_retain : auth::action::publish;
  const auto allowed = ports.authorizer.check(s.owner, s.client_id, what, topic);
  if (!allowed.permits(p.quality)) return deny_publish(h, c, p, topic, allowed.rule);
  if (options.limits.payload_format_check &&
      p.properties.payload_format_indicator().value_or(0) == 1 && !is_utf8_payload(p.payload)) {
    ports.counters.add(observe::refuse_reason::payload_format_invalid);
    s.books.publish_settled();
    answer_publish(h, c, p.quality, p.id, mqtt::reason_code::payload_format_invalid,
                   "a payload that is not the UTF-8 it says it is");
    return handled::yes;
  }
  forwardable_.clear();
  mqtt::append_forwardable(p.properties, forwardable_);
  mqtt::message_fields fields;
  fields.topic = topic;
  fields.payload = p.payload;
  fields.properties = forwardable_;
  fields.quality = p.quality;
  fields.retain = p.retain;
  fields.arrival = now.wall;
  fields.expiry_s = expiry_of(p.properties, topic);
  if (p.retain) mark_publisher(fields, s);
  routed_message m{fields};
  start_publish(h, c, m, p.id);
  return handled::yes;
}

/// What the publisher says, or else what is configured for the topic.
std::optional<std::uint32_t> shard_engine::expiry_of(const mqtt::properties_view& said,
                                                     std::string_view topic) const {
  if (const auto interval = said.message_expiry_interval()) return interval;
  for (const session::expiry_rule& r : options.limits.message_expiry) {
    if (mqtt::topic_matches(r.filter, topic)) return r.after_s;
  }
  return std::nullopt;
}

/// What ends the connection of a client that sends it. `topic` becomes that of its alias.
std::optional<mqtt::protocol_error> shard_engine::judge_publish(connection& c,
                                                                const mqtt::publish_view& p,
                                                                std::string_view& topic) {
  using mqtt::protocol_error;
  using mqtt::reason_code;
  const session::limits& l = options.limits;
  if (p.quality > l.maximum_qos) {
    return protocol_error{reason_code::qos_not_supported, "v5 MQTT-3.2.2-11",
                          "a QoS above protocol.maximum_qos"};
  }
  if (p.retain && !l.retain_available) {
    return protocol_error{reason_code::retain_not_supported, "v5 MQTT-3.2.2-14",
                          "RETAIN without protocol.retain_available"};
  }
  if (c.v5) {
    if (const auto alias = p.properties.topic_alias()) {
      if (*alias > l.topic_alias_max) {
        return protocol_error{reason_code::topic_alias_invalid, "v5 MQTT-3.2.2-17 v5 MQTT-3.3.2-9",
                              "a topic alias above connection.topic_alias_max"};
      }
      const auto known = c.v5->incoming.resolve(*alias, topic);
      if (!known) {
        return protocol_error{reason_code::protocol_error, "v5 MQTT-3.3.2-7",
                              "a topic alias that stands for nothing"};
      }
      topic = *known;
    }
    if (!c.v5->received.take(p.quality, p.id, l.receive_maximum) &&
        l.receive_maximum_overrun == session::overrun_reaction::disconnect) {
      return protocol_error{reason_code::receive_maximum_exceeded, "v5 MQTT-3.3.4-7",
                            "more open messages than connection.receive_maximum"};
    }
  }
  if (topic.size() > l.topic_bytes_max || mqtt::topic_levels(topic) > l.topic_levels_max) {
    return protocol_error{reason_code::topic_name_invalid, "",
                          "a topic above connection.topic_bytes_max or topic_levels_max"};
  }
  return std::nullopt;
}

/// 5.0 has words for it; what the others get is configured. [v31 M31-pub-5] [v311 MQTT-3.3.5-2]
shard_engine::handled shard_engine::deny_publish(connection_handle h, connection& c,
                                                 const mqtt::publish_view& p,
                                                 std::string_view topic, const char* rule) {
  session_slot& s = sessions_.at(c.session);
  ports.counters.add(observe::refuse_reason::not_authorized);
  s.books.publish_settled();
  log_refusal("publish.denied",
              {{"client", s.client_id}, {"topic", topic}, {"rule", std::string_view{rule}}});
  if (mqtt::policy_for(c.version).has_reason_codes) {
    answer_publish(h, c, p.quality, p.id, mqtt::reason_code::not_authorized,
                   "not allowed to publish here");
    return handled::yes;
  }
  const bool is_v31 = c.version == mqtt::protocol_version::v31;
  const auto reaction =
      is_v31 ? options.limits.mqtt31_denied_publish : options.limits.denied_publish;
  if (reaction == session::denied_reaction::disconnect) {
    doom(h, {session::close_cause::not_authorized, {}});
    return handled::ended;
  }
  answer_publish(h, c, p.quality, p.id, mqtt::reason_code::success);
  return handled::yes;
}

/// PUBACK or PUBREC, behind the answers to what came before.
void shard_engine::answer_publish(connection_handle h, connection& c, mqtt::qos quality,
                                  mqtt::packet_id id, mqtt::reason_code code, const char* what) {
  if (quality == mqtt::qos::at_most_once) return;
  const auto type =
      quality == mqtt::qos::at_least_once ? mqtt::packet_type::puback : mqtt::packet_type::pubrec;
  answer a{.type = type, .id = id, .code = static_cast<std::uint8_t>(code)};
  if (what != nullptr) a.detail().what = what;
  if (c.answers.empty() || GODWIT_SEEDED_BUG(answer_overtakes)) {
    write_answer(h, c, a);
  } else {
    answer_now(h, c, std::move(a));
  }
}

/// A retained message goes to its home first and is routed when it is there: whoever subscribes in
/// between finds it there, whoever subscribed before gets it live.
void shard_engine::start_publish(connection_handle h, connection& c, routed_message& m,
                                 mqtt::packet_id id) {
  if (const store_wait what = store_wait_of(m.fields()); what != store_wait::none) {
    if (what == store_wait::disk && mqtt::policy_for(c.version).has_reason_codes) {
      ports.counters.add(observe::refuse_reason::store_unavailable);
      sessions_.at(c.session).books.publish_settled();
      answer_publish(h, c, m.fields().quality, id, mqtt::reason_code::quota_exceeded,
                     "the disk is below store.low_disk");
      return;
    }
    park_for_store(h, c, m, id, what);
    return;
  }
  if (m.fields().quality == mqtt::qos::exactly_once) sessions_.at(c.session).received.begin(id);
  disk_needs needs;
  if (m.fields().retain) {
    m.set_retain_version(ports.numbers.retain_version());
    const routing::shard_id home = home_of_topic(m.fields().topic, options.seed, options.shards);
    if (home != self) {
      const pending_id asked = make_pending(goal::retained{h, c.session, id, {}});
      pending_operation& op = *find_pending(asked);
      op.message = m.kept(*this);
      ++op.outstanding;
      mailbox_.post(home, mail::retain{asked, op.message});
      if (GODWIT_SEEDED_BUG(retained_routed_before_home)) {
        op.then = goal::count{};
        part_done(asked);
        route_publish(h, &c, c.session, m, id, {});
        return;
      }
      park(h, c, m, id, asked, {});
      part_done(asked);
      return;
    }
    const base::ref<const mqtt::message> message = m.kept(*this);
    const retained_where kept = retain(message);
    if (kept.is_refused && refuse_retained(h, &c, c.session, *message, id)) return;
    needs.batch = kept.batch;
    if (GODWIT_SEEDED_BUG(retained_disk_not_awaited)) needs = {};
  }
  if (!may_route(router_.resolve(m.fields().topic))) {
    park(h, c, m, id, 0, needs);
    return;
  }
  route_publish(h, &c, c.session, m, id, needs);
}

/// `c` is null when the connection has gone since: the message was taken in, so it goes its way.
void shard_engine::route_publish(connection_handle h, connection* c, session_handle sh,
                                 routed_message& m, mqtt::packet_id id, const disk_needs& needs) {
  session_slot& s = sessions_.at(sh);
  const routing::resolution& r = router_.resolve(m.fields().topic);
  const mqtt::qos quality = m.fields().quality;
  if (quality == mqtt::qos::at_most_once) {
    route_unanswered(m, r, sh);
    return;
  }
  const bool is_qos2 = quality == mqtt::qos::exactly_once;
  const auto type = is_qos2 ? mqtt::packet_type::pubrec : mqtt::packet_type::puback;
  const bool needs_record = is_qos2 && s.is_persistent();
  // Behind an earlier one of this client whose commit record is not written yet, this one's waits,
  // too: with the later one alone on disk, a crash would let it overtake the earlier one.
  const bool waits_its_turn = needs_record && s.extras && !s.extras->commits.empty() &&
                              !GODWIT_SEEDED_BUG(qos2_commit_out_of_turn);
  const bool crosses = r.others != 0 || !r.groups.empty() || waits_its_turn;
  const auto make = [&] {
    const pending_id made = make_pending(goal::answer{h, sh, type, id});
    find_pending(made)->counts_publish = true;
    find_pending(made)->since = m.read_at().value_or(now.steady);
    return made;
  };
  // What crosses shards and must happen once takes effect with one commit record, written when all
  // have answered. What stays here is one batch anyway.
  pending_id pending = 0;
  mqtt::message_number commit{};
  if (crosses) {
    pending = make();
    pending_operation& op = *find_pending(pending);
    op.message = m.kept(*this);
    if (needs_record) {
      commit = op.message->number();
      s.extra().commits.push_back(pending);
    }
    op.commit = commit;
  }
  delivery d;
  deliver_local(m, r, commit, sh, d);
  deliver_groups(m, r.groups, commit, pending, d);
  for (routing::shard_mask left = r.others; left != 0; left &= left - 1) {
    ++find_pending(pending)->outstanding;
    mailbox_.post(routing::shard_id{static_cast<std::uint8_t>(std::countr_zero(left))},
                  mail::publish{pending, m.kept(*this), commit, false});
  }
  bool wrote = d.durable;
  if (needs_record && !crosses && !GODWIT_SEEDED_BUG(qos2_received_not_recorded)) {
    records_.write(store::qos2_received{s.number(), id, {}});
    wrote = true;
  }
  const bool waits = wrote || !d.slow.empty() || needs.ticket.value() != 0 ||
                     !needs.batch.is_covered_by(durable_batch_);
  if (pending == 0 && !waits) {
    ports.counters.add(d.matched != 0 ? observe::counter::publish_routed
                                      : observe::counter::publish_no_subscriber);
    s.books.publish_settled();
    if (is_qos2) s.received.commit(id);
    if (c != nullptr) {
      count_acknowledgement(ports.counters, m.read_at().value_or(now.steady), now.steady);
      answer_publish(
          h, *c, quality, id,
          d.matched != 0 ? mqtt::reason_code::success : mqtt::reason_code::no_matching_subscribers);
    }
    return;
  }
  if (pending == 0) pending = make();
  pending_operation& op = *find_pending(pending);
  op.matched += d.matched;
  op.needs_commit = op.needs_commit || d.tentative;
  op.ticket = std::max(op.ticket, needs.ticket);
  op.batch = wrote ? records_.open_batch() : needs.batch;
  hold_for_slow(d, pending);
  if (c != nullptr) c->answers.push({.type = type, .id = id, .waits_for = pending});
  part_done(pending);
}

/// QoS 0: nobody waits for anything; who counts it is settled here.
void shard_engine::route_unanswered(routed_message& m, const routing::resolution& r,
                                    session_handle publisher) {
  delivery d;
  deliver_local(m, r, {}, publisher, d);
  deliver_groups(m, r.groups, {}, 0, d);
  const int others = std::popcount(r.others);
  pending_id pending = 0;
  bool delegated = false;
  if (d.matched != 0) {
    ports.counters.add(observe::counter::publish_routed);
  } else if (others == 0) {
    ports.counters.add(observe::counter::publish_no_subscriber);
  } else if (others == 1) {
    delegated = true;
  } else {
    pending = make_pending(goal::count{publisher});
    find_pending(pending)->counts_publish = true;
  }
  if constexpr (client_books::are_kept) {
    if (pending == 0) sessions_.at(publisher).books.publish_settled();
  }
  for (routing::shard_mask left = r.others; left != 0; left &= left - 1) {
    if (pending != 0) ++find_pending(pending)->outstanding;
    mailbox_.post(routing::shard_id{static_cast<std::uint8_t>(std::countr_zero(left))},
                  mail::publish{pending, m.kept(*this), {}, delegated});
  }
  if (pending != 0) part_done(pending);
}

void shard_engine::park(connection_handle h, connection& c, routed_message& m, mqtt::packet_id id,
                        pending_id retaining, const disk_needs& needs) {
  GODWIT_ASSERT(!c.parked);
  c.parked = std::make_unique<parked_publish>(parked_publish{
      m.kept(*this), id, retaining, needs.ticket, needs.batch, m.read_at().value_or(now.steady)});
  if (!c.is_parked_listed) {
    c.is_parked_listed = true;
    parked_.push_back(h);
  }
  update_reading(h, c);
}

/// Mail credit has come, a retained message has arrived at its home, or the store can take more.
void shard_engine::retry_parked() {
  if (parked_.empty()) return;
  const auto waiting = std::exchange(parked_, {});
  for (const connection_handle h : waiting) {
    connection* const c = connections_.find(h);
    if (c == nullptr || !c->parked) {
      if (c != nullptr) c->is_parked_listed = false;
      continue;
    }
    c->is_parked_listed = false;
    if (c->parked->retaining == 0) unpark(h, *c);
    if (GODWIT_SEEDED_BUG(parked_forgotten)) continue;
    if (c->parked && !c->is_parked_listed) {
      c->is_parked_listed = true;
      parked_.push_back(h);
    }
  }
}

void shard_engine::unpark(connection_handle h, connection& c) {
  if (c.parked->waits != store_wait::none) {
    retry_for_store(h, c);
    return;
  }
  routed_message m{c.parked->message};
  if (!may_route(router_.resolve(m.fields().topic))) return;
  const std::unique_ptr<parked_publish> p = std::move(c.parked);
  m.set_read_at(p->since);
  route_publish(h, &c, c.session, m, p->id, {p->ticket, p->batch});
  if (GODWIT_SEEDED_BUG(reading_not_resumed)) return;
  go_on_reading(h, c);
}

/// The connection ends with a PUBLISH that was taken in: it is routed all the same, now or when it
/// is at home. A QoS 2 id stays known, so that its repetition is recognised.
void shard_engine::release_parked(connection_handle h, connection& c,
                                  const session::close_reason& reason) {
  const std::unique_ptr<parked_publish> p = std::move(c.parked);
  if (!p) return;
  if (p->waits != store_wait::none) {
    refuse_parked(*p, reason);
    sessions_.at(c.session).books.publish_settled();
    return;
  }
  if (GODWIT_SEEDED_BUG(parked_publish_lost) && p->retaining == 0) return;
  if (p->retaining != 0) {  // `collected` goes on with it
    if (session_slot* const s = find(c.session)) ++s->extra().late_publishes;
    return;
  }
  routed_message m{p->message};
  route_publish(h, nullptr, c.session, m, p->id, {p->ticket, p->batch});
}

}  // namespace godwit::broker
