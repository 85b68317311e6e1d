#include "engine.hpp"

#include <godwit/mqtt/utf8.hpp>

#include <algorithm>

namespace godwit::broker {

namespace {

constexpr std::uint8_t subscription_failed = 0x80;

}  // namespace

/// SUBACK waits for the filters to be in the routing tables of this shard, for the leaders of
/// shared groups, and for the disk if the session is persistent. [v311 MQTT-3.8.4-1] [v311
/// MQTT-3.8.4-4]
shard_engine::handled shard_engine::on_subscribe(connection_handle h, connection& c,
                                                 const mqtt::frame& f) {
  const auto decoded = mqtt::decode_subscribe(f, c.version);
  if (!decoded) {
    fail(h, decoded.error());
    return handled::ended;
  }
  session_slot& s = sessions_.at(c.session);
  const pending_id pending =
      make_pending(goal::answer{h, c.session, mqtt::packet_type::suback, decoded->id});
  answer a{.type = mqtt::packet_type::suback, .id = decoded->id, .waits_for = pending};
  bool wrote = false;
  auto filters = decoded->filters();
  while (const auto request = filters.next()) {
    // A repeated SUBSCRIBE changes nothing, so retained messages are not sent again. [v31
    // M31-retry-4]
    const std::uint8_t code = subscribe(h, c.session, s, *request, !decoded->dup, pending, wrote);
    a.codes.push_back(std::byte{code});
    if (c.is_doomed) {
      erase_pending(pending);
      return handled::ended;
    }
  }
  if (wrote) find_pending(pending)->batch = records_.open_batch();
  c.answers.push(std::move(a));
  part_done(pending);
  return handled::yes;
}

/// One filter; returns its SUBACK code. MQTT 3.1 has no code for "no": there the answer is the QoS
/// asked for, and nothing is installed. [v31 M31-sub-2] [v31 M31-sub-3] [v311 MQTT-3.9.3-2]
std::uint8_t shard_engine::subscribe(connection_handle h, session_handle sh, session_slot& s,
                                     const mqtt::subscription_request& r, bool wants_retained,
                                     pending_id pending, bool& wrote) {
  const connection& c = connections_.at(h);
  const bool is_v31 = c.version == mqtt::protocol_version::v31;
  auto granted = static_cast<std::uint8_t>(r.quality);
  const auto refused = [&](const char* key_or_rule, const char* what) {
    log_refusal("subscribe.refused", {{"client", s.client_id},
                                      {"filter", r.filter},
                                      {"what", std::string_view{what}},
                                      {"rule", std::string_view{key_or_rule}}});
    return mqtt::policy_for(c.version).suback_has_failure ? subscription_failed : granted;
  };
  const std::string filter{is_v31 && mqtt::needs_utf8_repair(r.filter) ? mqtt::repair_utf8(r.filter)
                                                                       : std::string{r.filter}};
  const auto parts = mqtt::parse_topic_filter(filter);
  if (!parts) {
    if (is_v31) {
      fail(h, parts.error());
      return subscription_failed;
    }
    return refused(parts.error().clause, parts.error().what);
  }
  if (filter.size() > options.limits.topic_bytes_max ||
      mqtt::topic_levels(parts->filter) > options.limits.topic_levels_max) {
    return refused("connection.topic_levels_max", "a filter that is too long or too deep");
  }
  const auto allowed =
      ports.authorizer.check(s.owner, s.client_id, auth::action::subscribe, parts->filter);
  if (!allowed.allowed) {
    if (is_v31 && options.limits.mqtt31_denied_subscribe == session::denied_reaction::disconnect) {
      doom(h, {session::close_cause::not_authorized, {}});
    }
    return refused(allowed.rule, "not authorized");
  }
  const mqtt::qos quality = std::min(r.quality, allowed.quality_max);
  granted = static_cast<std::uint8_t>(quality);
  const bool is_known = s.subscriptions.contains(filter);
  if (is_disk_low() && s.is_persistent() && !is_known) {
    if (is_v31 && options.limits.mqtt31_denied_subscribe == session::denied_reaction::disconnect) {
      doom(h, {session::close_cause::low_disk,
               {mqtt::reason_code::quota_exceeded, "",
                "no new subscription while the disk is below store.low_disk"}});
    }
    return refused("store.low_disk", "the disk is low");
  }
  if (s.subscriptions.size() >= options.limits.subscriptions_max && !is_known) {
    return refused("session.subscriptions_max", "too many subscriptions");
  }
  const bool is_shared = !parts->group.empty();
  const auto outcome = s.subscriptions.set(filter, quality);
  if (outcome == session::subscription_table::outcome::added) {
    ports.counters.add(observe::counter::subscriptions);
    if (is_shared) ports.counters.add(observe::counter::shared_subscriptions);
  }
  if (s.is_persistent()) {
    records_.write(store::subscribed{s.number(), filter, quality});
    wrote = true;
  }
  if (is_shared) {
    s.has_shared = true;
    join_group(sh, *parts, quality, pending);
  } else {
    router_.subscribe(filter, routing::subscriber_id{sh.index}, {.quality = quality});
    if (wants_retained) {
      const bool is_new = outcome == session::subscription_table::outcome::added;
      start_replay(sh, s, filter, quality,
                   is_new ? replay_of::new_subscription : replay_of::known_subscription);
    }
  }
  return granted;
}

void shard_engine::join_group(session_handle h, const mqtt::filter_parts& parts, mqtt::qos q,
                              pending_id pending) {
  const routing::group_member who = member(h);
  const routing::shard_id leader =
      home_of_group(parts.group, parts.filter, options.seed, options.shards);
  if (leader == self) {
    join_here(parts.group, parts.filter, who, {.quality = q});
    return;
  }
  ++find_pending(pending)->outstanding;
  mailbox_.post(
      leader,
      mail::group_join{
          pending, std::string{parts.group}, std::string{parts.filter}, who, {.quality = q}});
}

/// [v311 MQTT-3.10.4-1] [v311 MQTT-3.10.4-2] [v311 MQTT-3.10.4-4] [v311 MQTT-3.10.4-6]
shard_engine::handled shard_engine::on_unsubscribe(connection_handle h, connection& c,
                                                   const mqtt::frame& f) {
  const auto decoded = mqtt::decode_unsubscribe(f, c.version);
  if (!decoded) {
    fail(h, decoded.error());
    return handled::ended;
  }
  session_slot& s = sessions_.at(c.session);
  const pending_id pending =
      make_pending(goal::answer{h, c.session, mqtt::packet_type::unsuback, decoded->id});
  bool wrote = false;
  auto filters = decoded->filters();
  while (const auto next = filters.next()) {
    const bool is_v31 = c.version == mqtt::protocol_version::v31;
    const std::string filter{is_v31 && mqtt::needs_utf8_repair(*next) ? mqtt::repair_utf8(*next)
                                                                      : std::string{*next}};
    if (!s.subscriptions.erase(filter)) continue;
    const auto parts = mqtt::parse_topic_filter(filter);
    GODWIT_ASSERT(parts.has_value());
    ports.counters.subtract(observe::counter::subscriptions);
    if (parts->group.empty()) {
      router_.unsubscribe(filter, routing::subscriber_id{c.session.index});
      end_replays(s, filter);
    } else {
      ports.counters.subtract(observe::counter::shared_subscriptions);
      leave_group(c.session, filter, pending);
    }
    if (!s.is_persistent() || GODWIT_SEEDED_BUG(unsubscribe_not_recorded)) continue;
    records_.write(store::unsubscribed{s.number(), filter});
    wrote = true;
  }
  if (wrote) find_pending(pending)->batch = records_.open_batch();
  c.answers.push({.type = mqtt::packet_type::unsuback, .id = decoded->id, .waits_for = pending});
  part_done(pending);
  return handled::yes;
}

}  // namespace godwit::broker
