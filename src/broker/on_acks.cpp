#include "connect_rules.hpp"
#include "counting.hpp"
#include "engine.hpp"

#include <cmath>

namespace godwit::broker {

/// PUBACK, PUBREC and PUBCOMP of a subscriber, PUBREL of a publisher. Ids that are not known are no
/// error: a late answer to something repeated. [v31 M31-err-2] [v311 MQTT-4.3.3-1]
shard_engine::handled shard_engine::on_ack(connection_handle h, connection& c,
                                           const mqtt::frame& f) {
  const auto decoded = mqtt::decode_ack(f, c.version);
  if (!decoded) {
    fail(h, decoded.error());
    return handled::ended;
  }
  const mqtt::ack_view& p = *decoded;
  if (has_too_many_user_properties(p.properties, options.limits)) {
    fail(h, {mqtt::reason_code::quota_exceeded, "", too_many_properties});
    return handled::ended;
  }
  session_slot& s = sessions_.at(c.session);
  using session::message_log;
  bool is_delivered = false;
  bool wants_pubrel = false;
  if (mqtt::is_failure(p.code) &&
      (p.type == mqtt::packet_type::puback || p.type == mqtt::packet_type::pubrec)) {
    // Refused, and so at its end: not sent again, nor to another member of its group.
    // [v5 MQTT-4.4.0-2] [v5 MQTT-4.3.3-4] [v5 MQTT-4.8.2-6]
    count_dropped(s, observe::drop_reason::refused_by_client, s.log.give_up(p.id, records_), true);
    took_acknowledgement(c, s);
    return handled::yes;
  }
  switch (p.type) {
    case mqtt::packet_type::puback:
      is_delivered = s.log.on_puback(p.id, records_) == message_log::ack_outcome::done;
      break;
    case mqtt::packet_type::pubcomp:
      is_delivered = s.log.on_pubcomp(p.id, records_) == message_log::ack_outcome::done;
      break;
    case mqtt::packet_type::pubrec:
      wants_pubrel = s.log.on_pubrec(p.id, records_) == message_log::ack_outcome::unknown;
      break;
    default: {
      if (s.received.is_committing(p.id)) {
        // Its record would stand in the journal before the one that it takes back.
        fail(h, {mqtt::reason_code::protocol_error, "v311 MQTT-4.3.3-1", "PUBREL before PUBREC"});
        return handled::ended;
      }
      // PUBREL: the id is free; PUBCOMP waits until that is on disk. [v311 MQTT-4.3.3-2]
      answer a{.type = mqtt::packet_type::pubcomp, .id = p.id};
      const bool is_known = s.received.release(p.id);
      if (!is_known) {  // our first answer may be lost [v5 MQTT-4.3.3-11]
        a.code = static_cast<std::uint8_t>(mqtt::reason_code::packet_identifier_not_found);
      }
      if (is_known && s.is_persistent()) {
        records_.write(store::qos2_released{s.number(), p.id});
        if (GODWIT_SEEDED_BUG(qos2_pubcomp_before_record)) {
          answer_now(h, c, std::move(a));
          return handled::yes;
        }
        a.waits_for = make_pending(goal::answer{h, c.session, a.type, a.id});
        find_pending(a.waits_for)->batch = records_.open_batch();
        const pending_id id = a.waits_for;
        c.answers.push(std::move(a));
        part_done(id);
      } else {
        answer_now(h, c, std::move(a));
      }
      return handled::yes;
    }
  }
  if (wants_pubrel) {
    const answer unknown{
        .type = mqtt::packet_type::pubrel,
        .id = p.id,
        .code = static_cast<std::uint8_t>(mqtt::reason_code::packet_identifier_not_found)};
    write_answer(h, c, unknown);
    return handled::yes;
  }
  if (is_delivered) {
    count_delivered(ports.counters, s.books, true);
  }
  took_acknowledgement(c, s);
  return handled::yes;
}

/// The subscriber makes progress.
void shard_engine::took_acknowledgement(connection& c, session_slot& s) {
  s.last_acknowledged = now.steady;
  c.retries = 0;
  if (s.extras && !s.extras->held.empty() &&
      s.log.bytes() <= options.limits.slow_high_water_bytes / 2) {
    release_held(s);
  }
  report_progress(c.session, s);
  list_for_pump(c.session, s);
}

/// MQTT 3.1 asks brokers to repeat what is not acknowledged also on a live connection, with growing
/// pauses; off by default. [v31 M31-retry-1] [v31 M31-retry-2]
void shard_engine::on_retry(connection_handle h) {
  connection* const c = connections_.find(h);
  if (c == nullptr || c->at != phase::live) return;
  session_slot& s = sessions_.at(c->session);
  c->retry = {};
  if (s.log.inflight() == 0) {
    c->retries = 0;
    return;
  }
  // Not while a message is still on its way out, and not again and again.
  if (unsent(*c) == 0 && c->retries < options.limits.mqtt31_retry_count) {
    ++c->retries;
    s.log.retry();
    list_for_pump(c->session, s);
  }
  arm_retry(h, *c);
}

void shard_engine::arm_retry(connection_handle h, connection& c) {
  const session::limits& l = options.limits;
  if (l.mqtt31_retry_first.count() == 0 || c.version != mqtt::protocol_version::v31 || c.retry ||
      c.retries >= l.mqtt31_retry_count) {
    return;
  }
  const double pause = static_cast<double>(l.mqtt31_retry_first.count()) *
                       std::pow(l.mqtt31_retry_factor, c.retries);
  c.retry = arm(now.steady + std::chrono::milliseconds{static_cast<std::int64_t>(pause)},
                timer_kind::retry, h.index, h.generation);
}

}  // namespace godwit::broker
