#include "connect_rules.hpp"
#include "engine.hpp"
#include "turn_cost.hpp"

#include <godwit/mqtt/utf8.hpp>

#include <algorithm>

namespace godwit::broker {

namespace {

using mqtt::reason_code;
using observe::subscribe_refusal;

/// 3.1.1 knows one failure. [v311 MQTT-3.9.3-2]
std::byte suback_code(reason_code code, mqtt::qos asked, mqtt::protocol_version v) {
  const mqtt::version_policy& policy = mqtt::policy_for(v);
  if (!mqtt::is_failure(code) || policy.has_reason_codes) return std::byte(code);
  // MQTT 3.1 has no code for "no": there the answer is the QoS asked for. [v31 M31-sub-2]
  return policy.suback_has_failure ? std::byte(reason_code::unspecified_error) : std::byte(asked);
}

std::string clean_filter(std::string_view filter, mqtt::protocol_version v) {
  const bool needs_repair = v == mqtt::protocol_version::v31 && mqtt::needs_utf8_repair(filter);
  return needs_repair ? mqtt::repair_utf8(filter) : std::string{filter};
}

}  // namespace

/// What of a subscription routing has to know.
routing::subscription_options routed(const store::subscription_terms& terms) noexcept {
  return {.quality = terms.quality,
          .no_local = terms.no_local,
          .retain_as_published = terms.retain_as_published,
          .identifier = terms.identifier};
}

/// SUBACK waits for the filters to be in the routing tables of this shard, for the leaders of
/// shared groups, and for the disk if the session is persistent. [v311 MQTT-3.8.4-1] [v311
/// MQTT-3.8.4-4] [v5 MQTT-3.8.4-1] [v5 MQTT-3.8.4-6]
shard_engine::handled shard_engine::on_subscribe(connection_handle h, connection& c,
                                                 const mqtt::frame& f) {
  if (!c.request) {
    const auto decoded = mqtt::decode_subscribe(f, c.version);
    if (!may_begin(h, decoded)) return handled::ended;
    begin_request(h, c, mqtt::packet_type::suback, decoded->id, decoded->payload.size());
    c.request->identifier = decoded->properties.subscription_identifier().value_or(0);
    c.request->is_repeated = decoded->dup;
  }
  session_slot& s = sessions_.at(c.session);
  partial_request& work = *c.request;
  answer_details& details = work.reply.detail();
  mqtt::subscription_cursor filters{f.body.last(work.left), c.version};
  std::string_view filter;
  do {
    const auto request = filters.next();
    filter = request->filter;
    work.left -= sizeof(std::uint16_t) + request->filter.size() + 1;
    bool wrote = false;
    // A repeated SUBSCRIBE changes nothing, so retained messages are not sent again. [v31
    // M31-retry-4]
    const filter_answer its = subscribe(h, c.session, s, *request, work.identifier,
                                        work.is_repeated, work.pending, wrote);
    if (wrote) work.batch = records_.open_batch();
    details.codes.push_back(suback_code(its.code, request->quality, c.version));
    if (details.what == nullptr) details.what = its.what;
    if (c.is_doomed) return handled::ended;
  } while (goes_on(work, filter));
  return end_turn_of_request(h, c);
}

/// Whether a request keeps the rules, and our limits.
template <class View>
bool shard_engine::may_begin(connection_handle h, const mqtt::result<View>& p) {
  if (!p) {
    fail(h, p.error());
  } else if (has_too_many_user_properties(p->properties, options.limits)) {
    fail(h, {reason_code::quota_exceeded, "", too_many_properties});
  } else {
    return true;
  }
  return false;
}

void shard_engine::begin_request(connection_handle h, connection& c, mqtt::packet_type type,
                                 mqtt::packet_id id, std::size_t bytes) {
  const pending_id pending = make_pending(goal::answer{h, c.session, type, id});
  c.request = std::make_unique<partial_request>();
  c.request->pending = pending;
  c.request->reply = {.type = type, .id = id, .waits_for = pending};
  c.request->left = bytes;
}

/// A filter costs as much as some packets. When the turn has had its share the rest waits.
bool shard_engine::goes_on(const partial_request& work, std::string_view filter) noexcept {
  constexpr std::size_t packets = 16;
  spend(budget_, packets * filter_cost(filter));
  return work.left != 0 && budget_ != 0;
}

/// When all filters are done, the answer waits for the other shards and for the disk.
shard_engine::handled shard_engine::end_turn_of_request(connection_handle h, connection& c) {
  if (c.request->left != 0) {
    list_for_input(h, c);
    return handled::not_yet;
  }
  const std::unique_ptr<partial_request> work = std::exchange(c.request, nullptr);
  if (!work->batch.is_none()) find_pending(work->pending)->batch = work->batch;
  c.answers.push(std::move(work->reply));
  part_done(work->pending);
  return handled::yes;
}

/// Why a filter gets nothing; nothing if it is granted. Where a version can only close, the
/// connection is doomed.
std::optional<shard_engine::filter_answer> shard_engine::judge_filter(
    connection_handle h, const session_slot& s, const mqtt::subscription_request& r,
    std::string_view filter, std::uint32_t identifier, mqtt::qos& quality_max) {
  const connection& c = connections_.at(h);
  const session::limits& l = options.limits;
  const bool is_v31 = c.version == mqtt::protocol_version::v31;
  const bool closes = is_v31 && l.mqtt31_denied_subscribe == session::denied_reaction::disconnect;
  const auto refused = [&](reason_code code, subscribe_refusal counted, const char* rule,
                           const char* what) {
    ports.counters.add(counted);
    log_refusal("subscribe.refused", {{"client", s.client_id},
                                      {"filter", r.filter},
                                      {"what", std::string_view{what}},
                                      {"rule", std::string_view{rule}}});
    return filter_answer{code, what};
  };
  const auto parts = mqtt::parse_topic_filter(filter);
  if (!parts) {
    if (is_v31) fail(h, parts.error());
    return refused(reason_code::topic_filter_invalid, subscribe_refusal::invalid_filter,
                   parts.error().clause, parts.error().what);
  }
  if (filter.size() > l.topic_bytes_max || mqtt::topic_levels(parts->filter) > l.topic_levels_max) {
    return refused(reason_code::topic_filter_invalid, subscribe_refusal::invalid_filter,
                   "connection.topic_levels_max", "a filter that is too long or too deep");
  }
  if (!parts->group.empty() && r.no_local) {
    ports.counters.add(subscribe_refusal::invalid_filter);
    fail(h, {reason_code::protocol_error, "v5 MQTT-3.8.3-4", "No Local on a shared subscription"});
    return filter_answer{reason_code::unspecified_error, nullptr};
  }
  if (!parts->group.empty() && !l.shared_available) {
    return refused(reason_code::shared_subscriptions_not_supported,
                   subscribe_refusal::not_supported, "protocol.shared_available",
                   "shared subscriptions are switched off");
  }
  if (mqtt::has_wildcard(parts->filter) && !l.wildcards_available) {
    return refused(reason_code::wildcard_subscriptions_not_supported,
                   subscribe_refusal::not_supported, "protocol.wildcards_available",
                   "wildcards are switched off");
  }
  if (identifier != 0 && !l.subscription_identifiers_available) {
    return refused(reason_code::subscription_identifiers_not_supported,
                   subscribe_refusal::not_supported, "protocol.subscription_identifiers_available",
                   "subscription identifiers are switched off");
  }
  const auto allowed =
      ports.authorizer.check(s.owner, s.client_id, auth::action::subscribe, parts->filter);
  if (!allowed.allowed) {
    if (closes) doom(h, {session::close_cause::not_authorized, {}});
    return refused(reason_code::not_authorized, subscribe_refusal::not_authorized, allowed.rule,
                   "not authorized");
  }
  quality_max = allowed.quality_max;
  const bool is_known = s.subscriptions.contains(filter);
  if (is_disk_low() && s.is_persistent() && !is_known) {
    if (closes) {
      doom(h, {session::close_cause::low_disk,
               {reason_code::quota_exceeded, "",
                "no new subscription while the disk is below store.low_disk"}});
    }
    return refused(reason_code::quota_exceeded, subscribe_refusal::low_disk, "store.low_disk",
                   "the disk is low");
  }
  const bool is_full =
      s.subscriptions.size() >= l.subscriptions_max || !s.subscriptions.has_room_for(filter);
  if (is_full && !is_known) {
    return refused(reason_code::quota_exceeded, subscribe_refusal::too_many,
                   "session.subscriptions_max", "too many subscriptions");
  }
  return std::nullopt;
}

/// One filter. [v31 M31-sub-3] [v311 MQTT-3.9.3-2] [v5 MQTT-3.8.4-3] [v5 MQTT-3.9.3-2]
shard_engine::filter_answer shard_engine::subscribe(connection_handle h, session_handle sh,
                                                    session_slot& s,
                                                    const mqtt::subscription_request& r,
                                                    std::uint32_t identifier, bool is_repeated,
                                                    pending_id pending, bool& wrote) {
  const std::string filter = clean_filter(r.filter, connections_.at(h).version);
  mqtt::qos quality_max = options.limits.maximum_qos;
  if (const auto no = judge_filter(h, s, r, filter, identifier, quality_max)) return *no;
  const auto parts = mqtt::parse_topic_filter(filter);
  const store::subscription_terms terms{
      .quality = std::min({r.quality, quality_max, options.limits.maximum_qos}),
      .no_local = r.no_local,
      .retain_as_published = r.retain_as_published,
      .identifier = identifier};
  const bool is_shared = !parts->group.empty();
  const bool is_new = s.subscriptions.set(filter, terms, options.hash_seed()) ==
                      session::subscription_table::outcome::added;
  if (is_new) {
    ports.counters.add(observe::counter::subscriptions);
    if (is_shared) ports.counters.add(observe::counter::shared_subscriptions);
  }
  if (s.is_persistent()) {
    records_.write(store::subscribed{s.number(), filter, terms});
    wrote = true;
  }
  const filter_answer granted{static_cast<reason_code>(terms.quality), nullptr};
  if (is_shared) {  // which never replays [v5 4.8.2]
    s.has_shared = true;
    join_group(sh, *parts, terms, pending);
    return granted;
  }
  router_.subscribe(filter, routing::subscriber_id{sh.index}, routed(terms));
  // [v5 MQTT-3.3.1-9] [v5 MQTT-3.3.1-10] [v5 MQTT-3.3.1-11]
  const bool wants_retained = r.retain_handling == 0 || (r.retain_handling == 1 && is_new) ||
                              GODWIT_SEEDED_BUG(retain_handling_ignored);
  if (wants_retained && !is_repeated) {
    start_replay(sh, s, filter, terms,
                 is_new ? replay_of::new_subscription : replay_of::known_subscription);
  }
  return granted;
}

void shard_engine::join_group(session_handle h, const mqtt::filter_parts& parts,
                              const store::subscription_terms& terms, pending_id pending) {
  const routing::group_member who = member(h);
  const routing::shard_id leader =
      home_of_group(parts.group, parts.filter, options.seed, options.shards);
  if (leader == self) {
    join_here(parts.group, parts.filter, who, routed(terms));
    return;
  }
  ++find_pending(pending)->outstanding;
  mailbox_.post(leader, mail::group_join{pending, std::string{parts.group},
                                         std::string{parts.filter}, who, routed(terms)});
}

/// [v311 MQTT-3.10.4-1] [v311 MQTT-3.10.4-2] [v311 MQTT-3.10.4-4] [v311 MQTT-3.10.4-6]
/// [v5 MQTT-3.10.4-5] [v5 MQTT-3.11.3-1]
shard_engine::handled shard_engine::on_unsubscribe(connection_handle h, connection& c,
                                                   const mqtt::frame& f) {
  if (!c.request) {
    const auto decoded = mqtt::decode_unsubscribe(f, c.version);
    if (!may_begin(h, decoded)) return handled::ended;
    begin_request(h, c, mqtt::packet_type::unsuback, decoded->id, decoded->payload.size());
  }
  partial_request& work = *c.request;
  mqtt::filter_cursor filters{f.body.last(work.left)};
  std::string_view filter;
  do {
    const auto next = filters.next();
    filter = *next;
    work.left -= sizeof(std::uint16_t) + next->size();
    work.reply.detail().codes.push_back(
        std::byte(unsubscribe(c.session, work, clean_filter(*next, c.version))));
  } while (goes_on(work, filter));
  return end_turn_of_request(h, c);
}

/// One filter.
mqtt::reason_code shard_engine::unsubscribe(session_handle h, partial_request& work,
                                            const std::string& filter) {
  session_slot& s = sessions_.at(h);
  const auto parts = mqtt::parse_topic_filter(filter);
  if (!s.subscriptions.erase(filter)) {
    return parts ? reason_code::no_subscription_existed : reason_code::topic_filter_invalid;
  }
  GODWIT_ASSERT(parts.has_value());
  ports.counters.subtract(observe::counter::subscriptions);
  if (parts->group.empty()) {
    router_.unsubscribe(filter, routing::subscriber_id{h.index});
    end_replay(h, filter);
  } else {
    ports.counters.subtract(observe::counter::shared_subscriptions);
    leave_group(h, filter, work.pending);
  }
  if (s.is_persistent() && !GODWIT_SEEDED_BUG(unsubscribe_not_recorded)) {
    records_.write(store::unsubscribed{s.number(), filter});
    work.batch = records_.open_batch();
  }
  return reason_code::success;
}

}  // namespace godwit::broker
