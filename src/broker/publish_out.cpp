#include "counting.hpp"
#include "engine.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

/// A topic alias as a property.
constexpr std::size_t alias_bytes = 3;
/// A topic below this is as short as its alias.
constexpr std::size_t alias_worth_it = alias_bytes + 1;

/// What is left of the Message Expiry Interval. [v5 MQTT-3.3.2-6]
std::uint32_t remaining_s(std::uint32_t expiry_s, base::wall_time arrival, base::wall_time now) {
  if (now <= arrival || GODWIT_SEEDED_BUG(expiry_not_decreased)) return expiry_s;
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - arrival).count();
  return waited >= expiry_s ? 0 : expiry_s - static_cast<std::uint32_t>(waited);
}

}  // namespace

/// What 5.0 subscribers get with a message: what its publisher said, in its order
/// [v5 MQTT-3.3.2-18], and what belongs to this copy. Valid until the next call.
mqtt::properties_view shard_engine::compose_properties(const outgoing_copy& o,
                                                       std::uint16_t alias) {
  if (!o.expiry_s && o.identifiers.empty() && alias == 0) {
    return mqtt::properties_view{o.properties};
  }
  composed_.assign(o.properties.begin(), o.properties.end());
  mqtt::properties_builder to{composed_};
  if (o.expiry_s) {
    to.add(mqtt::property_id::message_expiry_interval,
           remaining_s(*o.expiry_s, o.arrival, now.wall));
  }
  // One copy carries the identifiers of all subscriptions that match. [v5 MQTT-3.3.4-4]
  for (const std::uint32_t one : o.identifiers) {
    to.add(mqtt::property_id::subscription_identifier, one);
  }
  if (alias != 0) to.add(mqtt::property_id::topic_alias, std::uint32_t{alias});
  return mqtt::properties_view{composed_};
}

/// Writes one PUBLISH in the form of the client's version; nothing at all if it is larger than the
/// client takes. [v5 MQTT-3.1.2-24]
shard_engine::written shard_engine::write_publish(connection_handle h, connection& c,
                                                  const outgoing_copy& o) {
  mqtt::publish_view p{o.topic, o.payload, o.id, o.quality, o.dup, o.retain, {}};
  if (c.v5) {
    p.properties = compose_properties(o, 0);
    const std::size_t size = mqtt::encoded_size(p, c.version);
    session::outgoing_aliases& aliases = c.v5->outgoing;
    // Not for QoS 2: libraries keep that packet until PUBREL, and some forget then what its alias
    // stands for.
    const bool is_aliased = aliases.are_allowed() && o.quality != mqtt::qos::exactly_once &&
                            o.topic.size() >= alias_worth_it;
    // With an alias the length of the properties may need another byte, too.
    if (is_aliased && size + alias_bytes + 2 <= c.v5->packet_bytes_max) {
      const auto use = aliases.take(o.topic);
      p.properties = compose_properties(o, use.alias);
      if (use.is_known) p.topic = {};
    } else if (size > c.v5->packet_bytes_max) {
      return written::too_large;
    }
  }
  output_queue& out = output(h, c);
  if (o.attached) {
    mqtt::encode_publish_head(p, c.version, out.bytes());
    out.attach(o.attached);
  } else {
    mqtt::encode(p, c.version, out.bytes());
  }
  ports.counters.add(observe::counter::publish_bytes_sent, o.payload.size());
  ports.counters.add_publish_sent(static_cast<std::size_t>(o.quality));
  count_sent(mqtt::packet_type::publish);
  return written::yes;
}

/// QoS 0 straight into the output; what is the same for many is encoded once.
void shard_engine::deliver_now(session_slot& s, connection& c, routed_message& m,
                               const copy_terms& how) {
  if (const std::size_t behind = unsent(c); behind != 0) {
    if (behind > options.limits.output_bytes_max) {
      count_dropped(s, observe::drop_reason::output_limit, {1, 0}, false);
      return;
    }
    // What this turn has made for it does not count: it has not been offered to the network yet.
    if (!c.is_flush_listed && memory_level() >= observe::memory_level::drop_unassured) {
      count_dropped(s, observe::drop_reason::memory_budget, {1, 0}, false);
      return;
    }
  }
  const mqtt::message_fields& f = m.fields();
  outgoing_copy o;
  o.topic = f.topic;
  o.payload = f.payload;
  o.properties = f.properties;
  o.expiry_s = f.expiry_s;
  o.arrival = f.arrival;
  o.retain = how.retain;
  o.identifiers = how.identifiers;
  const bool is_large = f.payload.size() > by_reference_above;
  const bool is_own_form = c.v5 && (c.v5->outgoing.are_allowed() || !how.identifiers.empty());
  if (is_large || how.retain || is_own_form) {
    if (is_large) o.attached = m.kept(*this);
    if (write_publish(s.connection, c, o) == written::too_large) {
      count_dropped(s, observe::drop_reason::packet_too_large, {1, 0}, false);
    } else {
      count_delivered(ports.counters, s.books, false);
    }
    return;
  }
  // The 3.x versions share one form, 5.0 has another.
  shared_wires::wire& wire = wires_.of[c.v5 ? 1 : 0];
  if (!wire.is_made) {
    wire.bytes.clear();
    mqtt::publish_view p{f.topic, f.payload, {}, mqtt::qos::at_most_once, false, false, {}};
    if (c.v5) p.properties = compose_properties(o, 0);
    mqtt::encode(p, c.version, wire.bytes);
    wire.is_made = true;
  }
  if (c.v5 && wire.bytes.size() > c.v5->packet_bytes_max) {
    count_dropped(s, observe::drop_reason::packet_too_large, {1, 0}, false);
    return;
  }
  base::bytes& out = output(s.connection, c).bytes();
  out.insert(out.end(), wire.bytes.begin(), wire.bytes.end());
  ports.counters.add(observe::counter::publish_bytes_sent, f.payload.size());
  count_delivered(ports.counters, s.books, false);
  ports.counters.add_publish_sent(0);
  count_sent(mqtt::packet_type::publish);
}

/// QoS 0 behind what the session's log has to send first. The log keeps no identifiers for it, so
/// they become part of a message of this subscriber alone.
void shard_engine::queue_unassured(session_handle h, session_slot& s, routed_message& m,
                                   const copy_terms& how) {
  base::ref<const mqtt::message> message = m.kept(*this);
  if (!how.identifiers.empty()) {
    base::bytes properties{message->properties().begin(), message->properties().end()};
    mqtt::properties_builder to{properties};
    for (const std::uint32_t one : how.identifiers) {
      to.add(mqtt::property_id::subscription_identifier, one);
    }
    mqtt::message_fields f = message->fields();
    f.properties = properties;
    message = mqtt::message::make(f);
  }
  s.log.add({std::move(message), mqtt::qos::at_most_once, how.retain, {}, {}}, records_);
  ports.counters.add(observe::counter::copies_in_log);
  list_for_pump(h, s);
}

}  // namespace godwit::broker
