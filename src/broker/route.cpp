#include "engine.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

constexpr std::size_t by_reference_above = 4'096;

mqtt::qos lower(mqtt::qos a, mqtt::qos b) noexcept {
  return std::min(a, b);
}

}  // namespace

bool shard_engine::may_route(const routing::resolution& r) const noexcept {
  return mailbox_.is_clear(r.others) && mailbox_.is_forward_clear();
}

/// Copies for the sessions of this shard, at the lower of both QoS. [v311 MQTT-3.8.4-6]
void shard_engine::deliver_local(routed_message& m, const routing::resolution& r,
                                 mqtt::message_number commit, delivery& d) {
  is_wire_made_ = false;
  for (const routing::match& match : r.subscribers) {
    const session_handle h = sessions_.handle_of(match.subscriber.value());
    session_slot& s = sessions_[match.subscriber.value()];
    deliver(h, s, m, lower(match.quality, m.fields().quality), false, commit, {}, d);
    if (budget_ != 0) --budget_;
  }
}

void shard_engine::deliver_groups(routed_message& m, std::span<const routing::group_id> groups,
                                  mqtt::message_number commit, pending_id pending, delivery& d) {
  for (const routing::group_id g : groups) {
    share_to_member(m, m.fields().quality, g, std::nullopt, commit, pending, d);
  }
}

/// Gives the message to one member of a group that is at home here. A member on another shard
/// answers through `share_answer`; without `pending` nobody asks. False: the group has no (other)
/// member.
bool shard_engine::share_to_member(routed_message& m, mqtt::qos quality, routing::group_id group,
                                   const std::optional<routing::group_member>& except,
                                   mqtt::message_number commit, pending_id pending, delivery& d) {
  const auto choice = groups_.pick(group, except);
  if (!choice || (except && choice->member == *except)) return false;
  const mqtt::qos q = lower(choice->options.quality, quality);
  const std::string share =
      "$share/" + std::string{groups_.name(group)} + "/" + std::string{groups_.filter(group)};
  if (choice->member.shard == self) {
    const session_handle h{choice->member.subscriber.value(), choice->member.session_epoch};
    session_slot& s = sessions_.at(h);
    is_wire_made_ = false;
    deliver(h, s, m, q, false, commit, share, d);
    return true;
  }
  routing::subscription_options o = choice->options;
  o.quality = q;
  std::uint32_t number = 0;
  if (pending_operation* const op = find_pending(pending)) {
    ++op->outstanding;
    number = ++op->shares_made;
    op->shares.push_back({group, choice->member, quality, number});
  } else {
    ++d.matched;  // the member's shard takes it or counts it as dropped
  }
  mailbox_.post(choice->member.shard, mail::share_deliver{pending, m.kept(*this), choice->member, o,
                                                          share, commit, number});
  return true;
}

void shard_engine::deliver(session_handle h, session_slot& s, routed_message& m, mqtt::qos quality,
                           bool retain, mqtt::message_number commit, std::string_view share,
                           delivery& d) {
  ++d.matched;
  const bool is_retained_live = m.fields().retain && !retain && s.extras;
  if (is_retained_live && !GODWIT_SEEDED_BUG(retained_old_live_after_replay) &&
      is_superseded(s, m.fields())) {
    return;
  }
  ports.counters.add(observe::counter::copies_made);
  const auto allowed =
      ports.authorizer.check(s.owner, s.client_id, auth::action::receive, m.fields().topic);
  if (!allowed.allowed) {
    count_dropped(observe::drop_reason::no_permission, {1, 0}, false);
    return;
  }
  quality = std::min(quality, allowed.quality_max);
  if (is_retained_live && s.is_replaying() && !GODWIT_SEEDED_BUG(retained_live_not_noted)) {
    note_live(s, m.fields());
  }
  connection* const c = connections_.find(s.connection);
  if (quality == mqtt::qos::at_most_once) {
    if (GODWIT_SEEDED_BUG(qos0_overtakes_the_log) && c != nullptr && c->at == phase::live) {
      deliver_now(s, *c, m, retain);
    } else if (c == nullptr) {
      count_dropped(observe::drop_reason::offline, {1, 0}, false);
    } else if (c->at == phase::live && !s.log.has_unsent() && (retain || !s.is_replaying())) {
      deliver_now(s, *c, m, retain);
    } else if (s.log.bytes() > options.limits.output_bytes_max) {
      count_dropped(observe::drop_reason::output_limit, {1, 0}, false);
    } else {
      s.log.add({m.kept(*this), quality, retain, {}, {}}, records_);
      ports.counters.add(observe::counter::copies_in_log);
      list_for_pump(h, s);
    }
    return;
  }
  const auto& message = m.kept(*this);
  if (!make_room(s, message->content_size())) return;
  if (!s.is_persistent() || GODWIT_SEEDED_BUG(qos2_delivered_before_commit)) commit = {};
  const store::log_position at = s.log.add({message, quality, retain, commit, share}, records_);
  ports.counters.add(observe::counter::copies_in_log);
  note_body(h, s, at);
  if (s.is_persistent()) d.durable = true;
  if (commit.value() != 0) {
    d.tentative = true;
    hold_tentative(commit, h, at);
  }
  list_for_pump(h, s);
  // A connected subscriber that is behind but makes progress slows its publishers for a while.
  if (c != nullptr && s.log.bytes() > options.limits.slow_high_water_bytes &&
      now.steady - s.last_acknowledged < options.limits.slow_hold_max) {
    d.slow.push_back(h);
  }
}

/// QoS 0 straight into the output; encoded once for all who get it.
void shard_engine::deliver_now(session_slot& s, connection& c, routed_message& m, bool retain) {
  if (unsent(c) > options.limits.output_bytes_max) {
    count_dropped(observe::drop_reason::output_limit, {1, 0}, false);
    return;
  }
  const mqtt::message_fields& f = m.fields();
  const mqtt::publish_view p{f.topic, f.payload, {}, mqtt::qos::at_most_once, false, retain, {}};
  output_queue& out = output(s.connection, c);
  if (f.payload.size() > by_reference_above) {
    mqtt::encode_publish_head(p, c.version, out.bytes());
    out.attach(m.kept(*this));
  } else if (retain) {
    mqtt::encode(p, c.version, out.bytes());
  } else {
    // The 3.x versions share one form.
    if (!is_wire_made_) {
      wire_.clear();
      mqtt::encode(p, c.version, wire_);
      is_wire_made_ = true;
    }
    out.bytes().insert(out.bytes().end(), wire_.begin(), wire_.end());
  }
  ports.counters.add(observe::counter::publish_bytes_sent, f.payload.size());
  ports.counters.add(observe::counter::copies_delivered);
  ports.counters.add_publish_sent(0);
  count_sent(mqtt::packet_type::publish);
}

/// The session's own limits, by its policy. False: the message is dropped (and counted).
bool shard_engine::make_room(session_slot& s, std::size_t size) {
  const session::limits& l = options.limits;
  using observe::drop_reason;
  const auto over_bytes = [&] {
    return l.queue_bytes_max != 0 && s.log.bytes() + size > l.queue_bytes_max;
  };
  const auto over_count = [&] {
    return l.queue_count_max != 0 && s.log.size() + 1 > l.queue_count_max;
  };
  if (!over_bytes() && !over_count()) return true;
  count_expired(s.log.drop_older_than(oldest_allowed(), records_));
  if (!over_bytes() && !over_count()) return true;
  if (!s.overflow_logged) {
    s.overflow_logged = true;
    log(observe::log_level::warn, "session.queue_full",
        {{"client", s.client_id},
         {"bytes", s.log.bytes()},
         {"messages", s.log.size()},
         {"key", over_bytes() ? "session.queue.bytes_max" : "session.queue.count_max"}});
  }
  const drop_reason why = over_bytes() ? drop_reason::queue_bytes : drop_reason::queue_count;
  if (l.queue_overflow == session::overflow_policy::drop_oldest) {
    while (over_bytes() || over_count()) {
      const session::tally t = s.log.drop_oldest_unsent(records_);
      if (t.count == 0) break;
      count_dropped(why, t, true);
    }
    if (!over_bytes() && !over_count()) return true;
  } else if (l.queue_overflow == session::overflow_policy::disconnect && s.connection) {
    doom(s.connection, {session::close_cause::queue_overflow, {}});
    count_dropped(drop_reason::session_limit_disconnect, {1, size}, false);
    return false;
  }
  count_dropped(why, {1, size}, false);
  return false;
}

void shard_engine::count_dropped(observe::drop_reason why, const session::tally& t,
                                 bool was_in_log) {
  if (t.count == 0) return;
  ports.counters.add(why, t.count);
  if (was_in_log) ports.counters.subtract(observe::counter::copies_in_log, t.count);
}

/// Older than the session keeps messages.
void shard_engine::count_expired(const session::tally& t) {
  ports.counters.add(observe::counter::copies_expired, t.count);
  ports.counters.subtract(observe::counter::copies_in_log, t.count);
}

/// The publisher's answer waits until the slow subscribers have caught up, for a bounded time.
void shard_engine::hold_for_slow(const delivery& d, pending_id pending) {
  for (const session_handle h : d.slow) {
    session_slot* const s = find(h);
    if (s == nullptr) continue;
    session_extras& e = s->extra();
    if (e.held.empty()) {
      e.held_until = arm(now.steady + options.limits.slow_hold_max, timer_kind::held_publishes,
                         h.index, h.generation);
    }
    e.held.push_back(pending);
    ++find_pending(pending)->outstanding;
  }
}

void shard_engine::publish_own(base::ref<const mqtt::message> m, mqtt::message_number will) {
  if (m->retain()) {
    const routing::shard_id home = home_of_topic(m->topic(), options.seed, options.shards);
    if (home != self) {
      const pending_id asked = make_pending(goal::retained{{}, {}, {}, will});
      pending_operation& op = *find_pending(asked);
      op.message = m;
      ++op.outstanding;
      mailbox_.post(home, mail::retain{asked, std::move(m)});
      part_done(asked);
      return;
    }
    retain(m);
  }
  route_own(std::move(m), will);
}

/// Like `route_publish`, but what waits in the end is the removal of the will's record.
void shard_engine::route_own(base::ref<const mqtt::message> message, mqtt::message_number will) {
  routed_message m{std::move(message)};
  ports.counters.add(observe::counter::publish_received);
  const routing::resolution& r = router_.resolve(m.fields().topic);
  const bool crosses = r.others != 0 || !r.groups.empty();
  const pending_id pending =
      will.value() != 0 ? make_pending(goal::will{will}) : make_pending(goal::count{});
  pending_operation& op = *find_pending(pending);
  op.counts_publish = true;
  op.message = m.kept(*this);
  const bool once = will.value() != 0 && crosses && m.fields().quality != mqtt::qos::at_most_once;
  const mqtt::message_number commit = once ? op.message->number() : mqtt::message_number{};
  op.commit = commit;
  delivery d;
  deliver_local(m, r, commit, d);
  deliver_groups(m, r.groups, commit, pending, d);
  for (routing::shard_mask left = r.others; left != 0; left &= left - 1) {
    ++find_pending(pending)->outstanding;
    mailbox_.post(routing::shard_id{static_cast<std::uint8_t>(std::countr_zero(left))},
                  mail::publish{pending, m.kept(*this), commit, false});
  }
  pending_operation& made = *find_pending(pending);
  made.matched += d.matched;
  made.needs_commit = made.needs_commit || d.tentative;
  part_done(pending);
}

}  // namespace godwit::broker
