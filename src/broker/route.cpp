#include "engine.hpp"
#include "publisher_mark.hpp"
#include "turn_cost.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

mqtt::qos lower(mqtt::qos a, mqtt::qos b) noexcept {
  return std::min(a, b);
}

/// RETAIN of a live copy. A subscription may outlive the version that it was made with.
/// [v5 MQTT-3.3.1-12] [v5 MQTT-3.3.1-13] [v311 MQTT-3.3.1-9]
bool keeps_retain(const session_slot& s, bool as_published, const mqtt::message_fields& m) {
  return as_published && m.retain && mqtt::policy_for(s.version).has_subscription_options &&
         !GODWIT_SEEDED_BUG(as_published_ignored);
}

routing::subscription_options at_quality(routing::subscription_options o, mqtt::qos q) noexcept {
  o.quality = q;
  return o;
}

}  // namespace

const base::ref<const mqtt::message>& routed_message::kept(shard_engine& e) {
  if (!message_) {
    if (fields_.number.value() == 0) fields_.number = e.next_number();
    fields_.arrival = e.now.wall;
    message_ = mqtt::message::make(fields_);
  }
  return message_;
}

bool shard_engine::may_route(const routing::resolution& r) const noexcept {
  return mailbox_.is_clear(r.others) && mailbox_.is_forward_clear();
}

bool shard_engine::is_publisher(session_handle h, const session_slot& s, const routed_message& m,
                                session_handle publisher) noexcept {
  if (GODWIT_SEEDED_BUG(no_local_ignored)) return false;
  const std::uint64_t its = m.fields().publisher;
  return h == publisher || (its != 0 && its == publisher_hash(s.client_id));
}

namespace {

/// What very many sessions have lies anywhere in memory and is touched once for each message: it is
/// asked for while the copies of others are made. Apart, so that few sessions do not pay for it.
[[gnu::noinline]] void fetch_ahead(base::slab<session_slot>& sessions,
                                   const base::slab<connection>& connections,
                                   std::span<const routing::match> all, std::size_t at) noexcept {
  constexpr std::size_t step = 4;
  const auto session_at = [&](std::size_t i) -> session_slot& {
    return sessions[all[i].subscriber.value()];
  };
  if (at + 3 * step < all.size()) sessions.prefetch(all[at + 3 * step].subscriber.value());
  if (at + 2 * step < all.size()) {
    const session_slot& s = session_at(at + 2 * step);
    connections.prefetch(s.connection.index, 1);
    s.log.prefetch_way();
  }
  if (at + step < all.size()) session_at(at + step).log.prefetch_place();
}

}  // namespace

/// Copies for the sessions of this shard, at the lower of both QoS. [v311 MQTT-3.8.4-6]
/// [v5 MQTT-3.8.4-8] A publisher's own subscriptions are at home where it is, so No Local concerns
/// no other shard. It means the client id, which may have another session by now: a retained
/// message is routed only when it is at home. [v5 MQTT-3.8.3-3]
void shard_engine::deliver_local(routed_message& m, const routing::resolution& r,
                                 mqtt::message_number commit, session_handle publisher,
                                 delivery& d) {
  wires_.forget();
  constexpr std::size_t few = 16;
  const bool are_many = r.subscribers.size() > few;
  for (std::size_t i = 0; i < r.subscribers.size(); ++i) {
    if (are_many) fetch_ahead(sessions_, connections_, r.subscribers, i);
    const routing::match& match = r.subscribers[i];
    const session_handle h = sessions_.handle_of(match.subscriber.value());
    session_slot& s = sessions_[match.subscriber.value()];
    spend(budget_, 1);
    if (s.ended) continue;  // its subscriptions are being forgotten
    const bool asks_who = match.no_local || match.no_local_partly;
    if (asks_who && is_publisher(h, s, m, publisher)) {
      if (match.no_local) continue;
      deliver_to_publisher(h, s, m, commit, d);
      continue;
    }
    deliver(h, s, m,
            {.quality = lower(match.quality, m.fields().quality),
             .retain = keeps_retain(s, match.retain_as_published, m.fields()),
             .identifiers = match.identifiers,
             .commit = commit},
            d);
  }
}

/// Some of the publisher's own subscriptions that match have No Local: the others alone decide.
void shard_engine::deliver_to_publisher(session_handle h, session_slot& s, routed_message& m,
                                        mqtt::message_number commit, delivery& d) {
  store::subscription_terms all{};
  std::vector<std::uint32_t> identifiers;
  // All its subscriptions are looked at, so that with very many the turn ends here.
  constexpr std::size_t looks_per_packet = 16;
  spend(budget_, s.subscriptions.size() / looks_per_packet);
  s.subscriptions.for_each([&](std::string_view filter, const store::subscription_terms& one) {
    if (one.no_local || !mqtt::topic_matches(filter, m.fields().topic)) return;
    all.quality = std::max(all.quality, one.quality);
    all.retain_as_published = all.retain_as_published || one.retain_as_published;
    if (one.identifier != 0) identifiers.push_back(one.identifier);
  });
  deliver(h, s, m,
          {.quality = lower(all.quality, m.fields().quality),
           .retain = keeps_retain(s, all.retain_as_published, m.fields()),
           .identifiers = identifiers,
           .commit = commit},
          d);
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
  const routing::subscription_options o = at_quality(choice->options, q);
  if (choice->member.shard == self) {
    const session_handle h{choice->member.subscriber.value(), choice->member.session_epoch};
    session_slot& s = sessions_.at(h);
    deliver_share(h, s, m, o, share, commit, d);
    groups_.set_load(groups_.name(group), groups_.filter(group), choice->member, report_load(s));
    return true;
  }
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

/// To the member that a group has picked.
void shard_engine::deliver_share(session_handle h, session_slot& s, routed_message& m,
                                 const routing::subscription_options& o, std::string_view share,
                                 mqtt::message_number commit, delivery& d) {
  wires_.forget();
  const std::span<const std::uint32_t> identifier{&o.identifier, o.identifier != 0 ? 1U : 0U};
  deliver(h, s, m,
          {.quality = o.quality,
           .retain = keeps_retain(s, o.retain_as_published, m.fields()),
           .identifiers = identifier,
           .share = share,
           .commit = commit},
          d);
}

void shard_engine::deliver(session_handle h, session_slot& s, routed_message& m, copy_terms how,
                           delivery& d) {
  ++d.matched;
  const bool is_retained_live = m.fields().retain && !how.is_replay && s.extras;
  if (is_retained_live && !GODWIT_SEEDED_BUG(retained_old_live_after_replay) &&
      is_superseded(s, m.fields())) {
    return;
  }
  ports.counters.add(observe::counter::copies_made);
  s.books.copy_made();
  const auto allowed =
      ports.authorizer.check(s.owner, s.client_id, auth::action::receive, m.fields().topic);
  if (!allowed.allowed) {
    count_dropped(s, observe::drop_reason::no_permission, {1, 0}, false);
    return;
  }
  how.quality = std::min(how.quality, allowed.quality_max);
  if (is_retained_live && s.is_replaying() && !GODWIT_SEEDED_BUG(retained_live_not_noted)) {
    note_live(s, m.fields());
  }
  if (m.fields().is_expired(now.wall) && !GODWIT_SEEDED_BUG(expired_still_sent)) {
    ports.counters.add(observe::counter::copies_expired);  // [v5 MQTT-3.3.2-5]
    s.books.copy_gone();
    return;
  }
  connection* const c = connections_.find(s.connection);
  if (how.quality == mqtt::qos::at_most_once) {
    if (GODWIT_SEEDED_BUG(qos0_overtakes_the_log) && c != nullptr && c->at == phase::live) {
      deliver_now(s, *c, m, how);
    } else if (c == nullptr) {
      count_dropped(s, observe::drop_reason::offline, {1, 0}, false);
    } else if (c->at == phase::live && !s.log.has_unsent() &&
               (how.is_replay || !s.is_replaying())) {
      deliver_now(s, *c, m, how);
    } else if (s.log.bytes() > options.limits.output_bytes_max) {
      count_dropped(s, observe::drop_reason::output_limit, {1, 0}, false);
    } else if (memory_level() >= observe::memory_level::drop_unassured) {
      count_dropped(s, observe::drop_reason::memory_budget, {1, 0}, false);
    } else {
      queue_unassured(h, s, m, how);
    }
    return;
  }
  const auto& message = m.kept(*this);
  if (!make_room(s, message->content_size() + how.identifiers.size_bytes())) return;
  const bool is_certain = !s.is_persistent() || GODWIT_SEEDED_BUG(qos2_delivered_before_commit);
  const mqtt::message_number commit = is_certain ? mqtt::message_number{} : how.commit;
  const store::log_position at =
      s.log.add({message, how.quality, how.retain, commit, how.share, how.identifiers}, records_);
  ports.counters.add(observe::counter::copies_in_log);
  s.queued_most = static_cast<std::uint16_t>(
      std::clamp<std::uint32_t>(s.log.size(), s.queued_most, session_slot::queued_most_max));
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

/// The session's own limits, by its policy. False: the message is dropped (and counted).
bool shard_engine::make_room(session_slot& s, std::size_t size) {
  const session::limits& l = options.limits;
  using observe::drop_reason;
  // A user with too much keeps what there is, but no session of his grows.
  const bool is_over_quota =
      !over_quota_.empty() && over_quota_.contains(std::string{s.owner.user_name()});
  const std::uint64_t bytes_max = is_over_quota            ? s.log.bytes()
                                  : l.queue_bytes_max != 0 ? l.queue_bytes_max
                                                           : ~std::uint64_t{0};
  const auto over_bytes = [&] { return s.log.bytes() + size > bytes_max; };
  const auto over_count = [&] {
    return l.queue_count_max != 0 && s.log.size() + 1 > l.queue_count_max;
  };
  if (!over_bytes() && !over_count()) return true;
  count_expired(s, s.log.drop_older_than(oldest_allowed(), records_));
  if (!over_bytes() && !over_count()) return true;
  const bool by_bytes = over_bytes();
  if (!s.overflow_logged) {
    s.overflow_logged = true;
    log_refusal("session.queue_full",
                {{"client", s.client_id},
                 {"bytes", s.log.bytes()},
                 {"messages", s.log.size()},
                 {"key", !by_bytes       ? "session.queue.count_max"
                         : is_over_quota ? "users.queued_bytes_max"
                                         : "session.queue.bytes_max"}},
                observe::log_level::warn);
  }
  const drop_reason why = !by_bytes       ? drop_reason::queue_count
                          : is_over_quota ? drop_reason::user_quota
                                          : drop_reason::queue_bytes;
  if (l.queue_overflow == session::overflow_policy::drop_oldest) {
    while (over_bytes() || over_count()) {
      const session::tally t = s.log.drop_oldest_unsent(records_);
      if (t.count == 0) break;
      count_dropped(s, why, t, true);
    }
    if (!over_bytes() && !over_count()) return true;
  } else if (l.queue_overflow == session::overflow_policy::disconnect && s.connection) {
    doom(s.connection, {session::close_cause::queue_overflow, {}});
    count_dropped(s, drop_reason::session_limit_disconnect, {1, size}, false);
    return false;
  }
  count_dropped(s, why, {1, size}, false);
  return false;
}

void shard_engine::count_dropped(session_slot& s, observe::drop_reason why, const session::tally& t,
                                 bool was_in_log) {
  if (t.count == 0) return;
  s.books.copy_gone(t.count);
  ports.counters.add(why, t.count);
  if (was_in_log) ports.counters.subtract(observe::counter::copies_in_log, t.count);
}

/// Older than the session keeps messages.
void shard_engine::count_expired(session_slot& s, const session::tally& t) {
  s.books.copy_gone(t.count);
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

void shard_engine::publish_own(base::ref<const mqtt::message> m, mqtt::message_number will,
                               session_handle publisher) {
  if (m->retain()) {
    const routing::shard_id home = home_of_topic(m->topic(), options.seed, options.shards);
    if (home != self) {
      const pending_id asked = make_pending(goal::retained{{}, {}, {}, will, publisher});
      pending_operation& op = *find_pending(asked);
      op.message = m;
      ++op.outstanding;
      mailbox_.post(home, mail::retain{asked, std::move(m)});
      part_done(asked);
      return;
    }
    retain(m);
  }
  route_own(std::move(m), will, publisher);
}

/// Like `route_publish`, but what waits in the end is the removal of the will's record.
void shard_engine::route_own(base::ref<const mqtt::message> message, mqtt::message_number will,
                             session_handle publisher) {
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
  deliver_local(m, r, commit, publisher, d);
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
