#include "counting.hpp"
#include "engine.hpp"
#include "turn_cost.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

outgoing_copy copy_of(const session::outgoing& o) {
  const mqtt::message& m = *o.message;
  outgoing_copy c;
  c.topic = m.topic();
  c.payload = m.payload();
  c.properties = m.properties();
  c.expiry_s = m.expiry_s();
  c.arrival = m.arrival();
  c.id = o.id;
  c.quality = o.quality;
  c.dup = o.dup;
  c.retain = o.retain;
  c.identifiers = o.identifiers;
  if (c.payload.size() > by_reference_above) c.attached = o.message;
  return c;
}

}  // namespace

session_handle shard_engine::find_session(std::string_view client_id) noexcept {
  const auto found = by_client_id_.find(client_id);
  return found == by_client_id_.end() ? session_handle{} : found->second;
}

session_handle shard_engine::create_session(std::string_view client_id, auth::principal owner,
                                            mqtt::protocol_version v, store::session_number number,
                                            session_kind kind) {
  const session_handle h = sessions_.emplace();
  session_slot& s = sessions_.at(h);
  s.client_id = client_id;
  s.owner = std::move(owner);
  s.version = v;
  s.log = session::message_log{number, &bodies_};
  if (kind == session_kind::named) {
    const bool is_new = by_client_id_.emplace(std::string_view{s.client_id}, h).second;
    GODWIT_ASSERT(is_new);
  }
  ports.counters.add(observe::counter::sessions_created);
  if (s.is_persistent()) ports.counters.add(observe::counter::sessions_persistent);
  return h;
}

/// There is room in the connection's output: its session may go on.
void shard_engine::go_on_pumping(connection& c) {
  session_slot* const s = find(c.session);
  if (s == nullptr) return;
  s->is_output_full = c.is_output_full = false;
  list_for_pump(c.session, *s);
}

/// The session's connection has ended. What that means for the will: [v311 MQTT-3.1.2-8]
/// [v311 MQTT-3.14.4-3] [v5 MQTT-3.1.2-8]; for the session: [v311 MQTT-3.1.2-6]
/// [v5 MQTT-3.1.2-23].
void shard_engine::detach(session_handle h, session_slot& s, const session::close_reason& reason) {
  s.connection = {};
  s.is_output_full = false;
  --sessions_connected_;
  ports.counters.subtract(observe::counter::clients_connected);
  using session::close_cause;
  const bool keeps_will = reason.cause == close_cause::server_stopping;
  const bool has_delay = mqtt::policy_for(s.version).has_will_delay;
  const bool is_suppressed = reason.cause == close_cause::taken_over && !has_delay &&
                             options.limits.will_on_takeover == session::takeover_will::suppress;
  const bool is_withdrawn = reason.cause == close_cause::client_disconnected &&
                            reason.error.code == mqtt::reason_code::success;
  if (s.will && !keeps_will) {
    const bool is_forgotten =
        GODWIT_SEEDED_BUG(will_not_at_takeover) && reason.cause == close_cause::taken_over;
    if (is_withdrawn || is_suppressed || is_forgotten) {
      drop_will(s);
    } else if (s.will->delay_s != 0 && s.expiry_s != 0 && !GODWIT_SEEDED_BUG(will_delay_ignored)) {
      delay_will(h, s);
    } else {
      publish_will(h, s);
    }
  }
  check_books(*this, h, s);
  release_held(s);
  drop_unasked_replays(s);
  count_dropped(s, observe::drop_reason::connection_lost, s.log.suspend(), true);
  if (!s.is_persistent()) {
    end_session(h, s);
    return;
  }
  records_.write(store::session_idle{s.number(), now.wall});
  ports.counters.add(observe::counter::sessions_persistent_offline);
  if (s.expiry_s == 0) {
    end_session(h, s);
    return;
  }
  if (s.expiry_s != session_slot::never) {
    s.expiry = arm(now.steady + std::chrono::seconds{s.expiry_s}, timer_kind::session_expiry,
                   h.index, h.generation);
  }
  if (s.has_shared) {
    tell_groups(h, s, false);
    if (options.limits.share_handover_after.count() != 0) {
      s.extra().handover = arm(now.steady + options.limits.share_handover_after,
                               timer_kind::share_handover, h.index, h.generation);
    }
  }
}

/// The session ends: subscriptions, messages and QoS 2 ids go, retained messages stay
/// [v311 MQTT-3.1.2-7], messages of shared groups go to other members. Its client id is free at
/// once.
void shard_engine::end_session(session_handle h, session_slot& s) {
  GODWIT_ASSERT(!s.connection && !s.ended);
  s.ended = true;
  if (s.extras) {
    // What its client published takes effect, but its order is no longer anybody's.
    const auto commits = std::exchange(s.extras->commits, {});
    for (std::uint32_t i = 0; i < commits.size(); ++i) {
      pending_operation* const p = find_pending(commits[i]);
      if (p != nullptr && p->is_collected) go_on(commits[i], *p);
    }
  }
  by_client_id_.erase(std::string_view{s.client_id});
  timers_.cancel(s.expiry);
  if (s.extras) timers_.cancel(s.extras->handover);
  if (s.has_shared) leave_groups(h, s);
  forget_some(h, s);
  if (!s.subscriptions.empty()) to_forget_.push_back(h);
  if (s.is_persistent()) {
    records_.write(store::session_ended{s.number()});
    note_unsettled(s.client_id);
    ports.counters.subtract(observe::counter::sessions_persistent);
    ports.counters.subtract(observe::counter::sessions_persistent_offline);
  }
  const session::tally went = s.log.end_session(records_);
  ports.counters.subtract(observe::counter::copies_in_log, went.count);
  ports.counters.add(observe::counter::copies_ended_with_session, went.count);
  s.books.copy_gone(went.count);
  to_hand_over_.push_back(h);
  // A will that waits does so no longer than its session lives. [v5 MQTT-3.1.2-8]
  if (s.extras && s.extras->will_due && !GODWIT_SEEDED_BUG(will_outlives_session)) {
    timers_.cancel(std::exchange(s.extras->will_due, {}));
    publish_will(h, s);
  }
  end_restored_wills(s.client_id);
}

/// Groups pick their members by what they know, so they hear of it at once.
void shard_engine::leave_groups(session_handle h, session_slot& s) {
  std::vector<std::string> shared;
  s.subscriptions.for_each([&](std::string_view filter, const auto&) {
    if (filter.starts_with("$share/")) shared.emplace_back(filter);
  });
  for (const std::string& filter : shared) {
    leave_group(h, filter, 0);
    s.subscriptions.erase(filter);
    ports.counters.subtract(observe::counter::shared_subscriptions);
    ports.counters.subtract(observe::counter::subscriptions);
  }
}

/// Some subscriptions of a session that has ended go out of routing, and with each the retained
/// messages that are on their way to it.
void shard_engine::forget_some(session_handle h, session_slot& s) {
  constexpr std::uint32_t at_once = 1'024;
  std::uint32_t left = std::min(at_once, options.turn_packets_max);
  while (left != 0) {
    const auto filter = s.subscriptions.take();
    if (!filter) return;
    router_.unsubscribe(*filter, routing::subscriber_id{h.index});
    end_replay(h, *filter);
    ports.counters.subtract(observe::counter::subscriptions);
    spend(left, filter_cost(*filter));
  }
}

/// Of one session in a turn, so that nobody waits for another one's many. What still matches an
/// ended session is not delivered.
void shard_engine::forget_subscriptions() {
  if (to_forget_.empty()) return;
  const session_handle h = to_forget_.front();
  session_slot& s = sessions_.at(h);
  forget_some(h, s);
  if (!s.subscriptions.empty()) return;
  to_forget_.pop_front();
  erase_if_over(h);
}

/// Frees the session's place once nothing is left of it.
void shard_engine::erase_if_over(session_handle h) {
  session_slot* const s = find(h);
  if (s == nullptr || !s->ended || !s->log.empty() || !s->subscriptions.empty()) return;
  if (s->extras && s->extras->handovers != 0) return;
  s->books.check_copies(0);
  if (s->extras) {
    timers_.cancel(s->extras->held_until);
    timers_.cancel(s->extras->will_due);
  }
  sessions_.erase(h);
}

/// Gives messages of shared groups to other members, a few at a time. The entry here goes when the
/// new member has the message: the removal is the commit point. [v5 MQTT-4.8.2-4]
void shard_engine::continue_handover(session_handle h, session_slot& s) {
  constexpr std::uint32_t at_once = 64;
  // A message that nobody takes comes back at once when the group is led here.
  const auto goes_on = [&] { return s.ended || (s.extras && s.extras->hands_over); };
  while (goes_on() && (!s.extras || s.extras->handovers < at_once)) {
    auto next = s.log.take_share();
    if (!next) {
      want_bodies_to_share(h, s);
      break;
    }
    ++s.extra().handovers;
    const pending_id id = make_pending(goal::handover{h, next->position});
    pending_operation& op = *find_pending(id);
    op.message = next->message;
    op.commit = s.is_persistent() ? next_number() : mqtt::message_number{};
    const auto parts = mqtt::parse_topic_filter(next->share);
    GODWIT_ASSERT(parts.has_value() && !parts->group.empty());
    const routing::shard_id leader =
        home_of_group(parts->group, parts->filter, options.seed, options.shards);
    ++op.outstanding;
    if (leader != self) {
      mailbox_.post(leader, mail::share_return{id, next->share, next->quality, next->message,
                                               member(h), op.commit});
    } else {
      return_share(id, next->share, next->quality, next->message, member(h), op.commit);
    }
    part_done(id);
  }
  erase_if_over(h);
}

routing::group_member shard_engine::member(session_handle h) const noexcept {
  return {self, routing::subscriber_id{h.index}, h.generation};
}

void shard_engine::tell_groups(session_handle h, const session_slot& s, bool connected) {
  s.subscriptions.for_each([&](std::string_view filter, const auto&) {
    const auto parts = mqtt::parse_topic_filter(filter);
    if (!parts || parts->group.empty()) return;
    const routing::shard_id leader =
        home_of_group(parts->group, parts->filter, options.seed, options.shards);
    if (leader == self) {
      groups_.set_connected(parts->group, parts->filter, member(h), connected);
      groups_.set_load(parts->group, parts->filter, member(h), s.log.size());
    } else {
      mailbox_.post(leader,
                    mail::group_presence{std::string{parts->group}, std::string{parts->filter},
                                         member(h), connected, s.log.size()});
    }
  });
}

/// What a member's groups are told of its load; remembered where they go by it.
std::uint32_t shard_engine::report_load(session_slot& s) {
  const std::uint32_t load = s.log.size();
  if (options.limits.share_selection == session::share_policy::least_in_flight) {
    s.extra().reported_load = load;
  }
  return load;
}

/// A member has caught up: its groups hear of it, not of every single message.
void shard_engine::report_progress(session_handle h, session_slot& s) {
  constexpr std::uint32_t worth_it = 8;
  if (!s.extras || s.extras->reported_load == 0) return;
  const std::uint32_t known = s.extras->reported_load;
  if (s.log.size() + std::max(worth_it, known / 2) > known) return;
  s.extras->reported_load = s.log.size();
  tell_groups(h, s, true);
}

void shard_engine::leave_group(session_handle h, std::string_view share, pending_id pending) {
  const auto parts = mqtt::parse_topic_filter(share);
  GODWIT_ASSERT(parts.has_value());
  const routing::shard_id leader =
      home_of_group(parts->group, parts->filter, options.seed, options.shards);
  if (leader == self) {
    leave_here(parts->group, parts->filter, member(h));
    return;
  }
  if (pending_operation* const op = find_pending(pending)) ++op->outstanding;
  mailbox_.post(leader, mail::group_leave{pending, std::string{parts->group},
                                          std::string{parts->filter}, member(h)});
}

void shard_engine::release_held(session_slot& s) {
  if (!s.extras || s.extras->held.empty()) return;
  timers_.cancel(s.extras->held_until);
  s.extras->held_until = {};
  for (const pending_id id : std::exchange(s.extras->held, {})) part_done(id);
}

void shard_engine::list_for_pump(session_handle h, session_slot& s) {
  if (s.is_pump_listed || s.is_output_full || !s.connection) return;
  s.is_pump_listed = true;
  to_pump_.add(h);
}

/// The window is ours and the client's. [v5 MQTT-3.3.4-9]
session::message_log::pump_rules shard_engine::pump_rules(const session_slot& s) const noexcept {
  std::uint32_t window = options.limits.inflight_max;
  const connection* const c = connections_.find(s.connection);
  if (c != nullptr && c->v5 && !GODWIT_SEEDED_BUG(receive_maximum_ignored)) {
    window = std::min<std::uint32_t>(window, c->v5->receive_maximum);
  }
  return {window, durable_batch_, oldest_allowed(), now.wall};
}

/// What the client cannot take is dropped for it, as if it had been delivered. [v5 MQTT-3.1.2-25]
void shard_engine::drop_too_large(session_handle h, session_slot& s) {
  for (const unsendable& u : std::exchange(too_large_, {})) {
    session::tally t{1, u.size};
    if (u.id.value() != 0) t = s.log.give_up(u.id, records_);  // at QoS 0 it has left the log
    count_dropped(s, observe::drop_reason::packet_too_large, t, true);
    list_for_pump(h, s);
  }
}

/// Sends what the session's log may send now.
void shard_engine::pump(session_handle h) {
  session_slot& s = sessions_.at(h);
  connection* const c = connections_.find(s.connection);
  if (c == nullptr || c->at != phase::live || c->is_doomed || !c->has_transport) return;
  // A reader that is behind gets no more, and costs no more; `go_on_pumping` ends that.
  s.is_output_full = c->is_output_full = unsent(*c) > options.limits.output_bytes_max;
  if (c->is_output_full) return;
  outgoing_.clear();
  const session::tally old = s.log.pump(pump_rules(s), records_, outgoing_);
  count_expired(s, old);
  const bool judges = ports.authorizer.limits_receivers();
  for (session::outgoing& o : outgoing_) {
    if (judges && o.message && !may_receive(s, o.message->topic())) {
      withhold(h, s, o);
      continue;
    }
    if (o.what == session::outgoing::kind::pubrel) {
      output_queue& out = output(s.connection, *c);
      mqtt::encode(mqtt::ack_view{mqtt::packet_type::pubrel, o.id, mqtt::reason_code::success, {}},
                   c->version, out.bytes());
      count_sent(mqtt::packet_type::pubrel);
      continue;
    }
    if (write_publish(s.connection, *c, copy_of(o)) == written::too_large) {
      too_large_.push_back({o.id, o.message->content_size()});
      continue;
    }
    if (o.dup) ports.counters.add(observe::counter::copies_redelivered);
    if (o.quality == mqtt::qos::at_most_once) count_delivered(ports.counters, s.books, true);
  }
  outgoing_.clear();
  drop_too_large(h, s);
  want_bodies(h, s);
  if (s.log.inflight() != 0) arm_retry(s.connection, *c);
  if (s.log.waits_for_disk()) {
    wait_for(records_.is_empty() ? submitted_.back().batch : records_.open_batch(),
             {durable_wait::kind::pump, (std::uint64_t{h.generation} << 32) | h.index});
  }
}

}  // namespace godwit::broker
