#include "engine.hpp"
#include "publisher_mark.hpp"
#include "publisher_rights.hpp"
#include "turn_cost.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

/// A session with less than this in its log can take another page of retained messages.
constexpr std::uint64_t room_bytes = 1'048'576;
/// Mail is never under way for so long; older versions of a cleared topic cannot come any more.
constexpr std::chrono::seconds cleared_memory{60};
constexpr std::chrono::seconds settled_memory{10};
/// A publish that took its version longer ago is not under way any more.
constexpr std::uint64_t recent_versions = 65'536;

void name_shards_to_ask(replay& p, const shard_options& o) {
  if (mqtt::has_wildcard(p.filter)) {
    for (std::size_t i = 0; i < o.shards; ++i) {
      p.to_ask.push_back({routing::shard_id{static_cast<std::uint8_t>(i)}, std::nullopt});
    }
  } else {
    p.to_ask.push_back({home_of_topic(p.filter, o.seed, o.shards), std::nullopt});
  }
  p.shards_left = static_cast<std::uint32_t>(p.to_ask.size());
}

}  // namespace

/// Sets or clears a retained message that is at home here, if there is room. The batch that makes
/// it safe is its own, or that of the newer message that it lost against. [v311 MQTT-3.3.1-5]
/// [v311 MQTT-3.3.1-10]
retained_where shard_engine::retain(const base::ref<const mqtt::message>& m) {
  // A topic that has a message keeps its place: it may be replaced, by a larger one, too.
  const base::ref<const mqtt::message> before = retained_.find(m->topic());
  if (!before && !has_room_to_retain(*m)) return {{}, true};
  using outcome = routing::retained_index::outcome;
  const outcome o = retained_.set(m);
  forget_cleared(m->retain_version());
  if (o != outcome::older) {
    if (before) {
      count_retained(*before, false);
      forget_expiry(*before);
    }
    if (o == outcome::stored || o == outcome::replaced) {
      count_retained(*m, true);
      expect_expiry(*m);
    }
    arm_retained_expiry();
  }
  // The broker's own topics are made anew after a restart.
  const bool is_own = m->topic().starts_with(observe::sys_prefix);
  const bool is_forgotten = GODWIT_SEEDED_BUG(retained_clear_not_recorded) && o == outcome::cleared;
  if (o != outcome::older && o != outcome::absent && !is_own && !is_forgotten) {
    records_.write(store::retained{m});
  }
  if (!records_.is_empty()) return {records_.open_batch()};
  return {submitted_.empty() ? session::batch_number{} : submitted_.back().batch};
}

/// One more, or one less: that is counted by what wraps around.
void shard_engine::count_retained(const mqtt::message& m, bool is_kept) {
  using observe::counter;
  const std::uint64_t count = is_kept ? 1 : 0 - std::uint64_t{1};
  const std::uint64_t bytes = is_kept ? m.content_size() : 0 - std::uint64_t{m.content_size()};
  ports.counters.add(counter::retained_messages, count);
  ports.counters.add(counter::retained_bytes, bytes);
  if (m.topic().starts_with(observe::sys_prefix)) return;
  ports.counters.add(counter::retained_of_clients, count);
  ports.counters.add(counter::retained_bytes_of_clients, bytes);
  if (ports.users != nullptr) ports.users->add_retained(m.publisher_user(), bytes);
}

/// A retained message that expires goes at its time, from the disk, too. [v5 MQTT-3.3.2-5]
void shard_engine::expect_expiry(const mqtt::message& m) {
  if (!m.expiry_s()) return;
  retained_expiries_.emplace(m.arrival() + std::chrono::seconds{*m.expiry_s()}, m.topic());
}

void shard_engine::forget_expiry(const mqtt::message& m) {
  if (!m.expiry_s()) return;
  retained_expiries_.erase(
      {m.arrival() + std::chrono::seconds{*m.expiry_s()}, std::string{m.topic()}});
}

/// For the soonest, unless one is armed for it or for before.
void shard_engine::arm_retained_expiry() {
  if (retained_expiries_.empty()) {
    timers_.cancel(std::exchange(retained_expiry_due_, {}));
    return;
  }
  const base::wall_time soonest = retained_expiries_.begin()->first;
  if (retained_expiry_due_ && retained_expiry_at_ == soonest) return;
  timers_.cancel(retained_expiry_due_);
  retained_expiry_at_ = soonest;
  const auto left = std::max<base::duration>(soonest - now.wall, base::duration::zero());
  retained_expiry_due_ = arm(now.steady + left, timer_kind::retained_expiry, 0, 0);
}

/// Each is cleared like by a publisher, under the version that it has.
void shard_engine::drop_expired_retained() {
  retained_expiry_due_ = {};
  while (!retained_expiries_.empty() && retained_expiries_.begin()->first <= now.wall) {
    const auto its = retained_expiries_.extract(retained_expiries_.begin());
    const base::ref<const mqtt::message> m = retained_.find(its.value().second);
    GODWIT_ASSERT(m && m->is_expired(now.wall));
    count_retained(*m, false);
    ports.counters.add(observe::counter::retained_expired);
    mqtt::message_fields cleared;
    cleared.number = m->number();
    cleared.topic = m->topic();
    cleared.retain = true;
    cleared.retain_version = m->retain_version();
    const auto clear = mqtt::message::make(cleared);
    const auto o = retained_.set(clear);  // remembers the version, so that nothing older comes back
    GODWIT_ASSERT(o == routing::retained_index::outcome::cleared);
    records_.write(store::retained{clear});
  }
  arm_retained_expiry();
}

void shard_engine::forget_cleared(std::uint64_t version) {
  retained_newest_ = std::max(retained_newest_, version);
  if (now.steady < forget_at_) return;
  retained_.forget_cleared_below(forget_below_);
  forget_below_ = retained_newest_;
  forget_at_ = now.steady + cleared_memory;
}

/// A subscription gets the retained messages that match it, also when it is not new
/// [v311 MQTT-3.3.1-6] [v311 MQTT-3.8.4-3], after its SUBACK. What passes live is noted from here
/// on. One that is repeated replays anew.
void shard_engine::start_replay(session_handle h, session_slot& s, std::string_view filter,
                                const store::subscription_terms& terms, replay_of what) {
  end_replay(h, filter);
  auto& all = s.extra().replays;
  if (!all) all = std::make_unique<session_replays>();
  const replay_handle r = replays_.emplace();
  replay& p = replays_.at(r);
  p.session = h;
  p.filter = filter;
  p.terms = terms;
  p.horizon = ports.numbers.retain_horizon();
  p.is_new = what == replay_of::new_subscription;
  p.begun = all->passed.moment();
  p.subacks = all->subacks;
  p.place = all->unasked.insert(all->unasked.end(), r);
  replay_of_.add(h, p.filter, r);
}

/// To the end of another list of its session.
void shard_engine::set_stage(replay& p, replay::stage to) {
  session_replays& all = *sessions_.at(p.session).extras->replays;
  const auto list_of = [&all](replay::stage at) -> std::list<replay_handle>& {
    switch (at) {
      case replay::stage::unasked:
        return all.unasked;
      case replay::stage::asked:
        return all.asked;
      case replay::stage::waiting:
        return all.waiting;
      case replay::stage::settled:
        break;
    }
    return all.settled;
  };
  std::list<replay_handle>& into = list_of(to);
  into.splice(into.end(), list_of(p.at), p.place);
  p.at = to;
}

/// The SUBACK is on its way: the shards that may have something are asked, as far as there is room
/// and time.
void shard_engine::ask_for_retained(session_handle h, const session_slot& s) {
  if (!s.is_replaying()) return;
  ++s.extras->replays->subacks;
  continue_replays(h);
}

/// The next of a session that may be asked for: one whose SUBACK is out, or that has more pages.
replay* shard_engine::next_to_ask(session_replays& all) {
  if (!all.unasked.empty()) {
    replay& p = replays_.at(all.unasked.front());
    if (p.subacks < all.subacks) {
      name_shards_to_ask(p, options);
      return &p;
    }
  }
  return all.waiting.empty() ? nullptr : &replays_.at(all.waiting.front());
}

/// There is one that may be asked for.
bool shard_engine::are_due(const session_replays& all) const noexcept {
  return !all.waiting.empty() ||
         (!all.unasked.empty() && replays_.at(all.unasked.front()).subacks < all.subacks);
}

void shard_engine::list_replays(session_handle h, session_replays& all) {
  if (are_due(all) && !std::exchange(all.is_listed, true)) waiting_replays_.push_back(h);
}

/// The connection ended before its SUBACK: the client will subscribe again.
void shard_engine::drop_unasked_replays(session_slot& s) {
  while (s.is_replaying() && !s.extras->replays->unasked.empty()) {
    const session_replays& all = *s.extras->replays;
    if (replays_.at(all.unasked.back()).subacks < all.subacks) return;
    end_replay(all.unasked.back());
  }
}

void shard_engine::ask_page(replay_handle r, routing::shard_id from,
                            std::optional<std::string> after) {
  const replay* const p = replays_.find(r);
  if (p == nullptr) return;
  if (from != self) {
    const pending_id pending = make_pending(goal::page{r, from});
    mailbox_.post(from, mail::retained_query{pending, p->filter, std::move(after)});
    return;
  }
  auto page = retained_.match(p->filter, after, options.retained_page_messages,
                              options.retained_page_bytes);
  on_page(r, from, {0, std::move(page.messages), std::move(page.next)});
}

void shard_engine::on_page(replay_handle r, routing::shard_id from, mail::retained_page&& page) {
  replay* const p = replays_.find(r);
  if (p == nullptr) return;
  const session_handle h = p->session;
  session_slot& s = sessions_.at(h);
  if (s.ended) return;  // it goes with its subscription
  delivery d;
  const std::span<const std::uint32_t> identifier{&p->terms.identifier,
                                                  p->terms.identifier != 0 ? 1U : 0U};
  const std::uint64_t own =
      p->terms.no_local && !GODWIT_SEEDED_BUG(no_local_ignored) ? publisher_hash(s.client_id) : 0;
  publisher_rights rights{ports.authorizer, options.limits.retained_check_publisher};
  for (base::ref<const mqtt::message>& m : page.messages) {
    if (m->is_expired(now.wall) && !GODWIT_SEEDED_BUG(expired_still_sent)) continue;
    if (own != 0 && m->publisher() == own) continue;  // [v5 MQTT-3.8.3-3]
    // What is newer than the subscription comes live, in its publisher's order.
    if (m->retain_version() >= p->horizon && !GODWIT_SEEDED_BUG(retained_horizon_ignored)) continue;
    const auto live = s.extras->replays->passed.newest_since(p->begun, m->topic());
    const std::uint64_t next = GODWIT_SEEDED_BUG(retained_equal_replayed) ? 1 : 0;
    if (live && *live >= m->retain_version() + next) continue;
    if (p->is_new && options.shards > 1 && m->retain_version() + recent_versions > p->horizon) {
      p->replayed.insert_or_assign(std::string{m->topic()}, m->retain_version());
    }
    if (!rights.may_retain(*m)) {
      ports.counters.add(observe::counter::retained_withheld);
      continue;
    }
    const mqtt::qos q = std::min(p->terms.quality, m->quality());
    routed_message out{std::move(m)};
    deliver(h, s, out, {.quality = q, .retain = true, .is_replay = true, .identifiers = identifier},
            d);
    spend(budget_, 1);
  }
  if (page.next && !GODWIT_SEEDED_BUG(retained_page_lost)) {
    p->to_ask.push_back({from, std::move(page.next)});
    if (p->at != replay::stage::waiting) set_stage(*p, replay::stage::waiting);
    list_replays(h, *s.extras->replays);
  } else if (--p->shards_left == 0) {
    settle_replay(r);
  }
}

/// Asks for further pages where there is room for them by now.
void shard_engine::continue_replays() {
  if (waiting_replays_.empty()) return;
  const auto sessions = std::exchange(waiting_replays_, {});
  for (const session_handle h : sessions) {
    if (session_replays* const all = replays_of(h)) all->is_listed = false;
  }
  for (const session_handle h : sessions) {
    const session_replays* const all = replays_of(h);
    if (all != nullptr && !all->is_listed) continue_replays(h);
  }
}

/// Those of one session. Who must wait again goes to the end; each step may end one, and all when
/// it was the last.
void shard_engine::continue_replays(session_handle h) {
  session_replays* all = replays_of(h);
  for (std::size_t left = all->unasked.size() + all->waiting.size(); left != 0; --left) {
    if (budget_ == 0 || !may_ask(sessions_.at(h))) break;
    replay* const p = next_to_ask(*all);
    if (p == nullptr) break;
    --budget_;
    const replay_handle r = *p->place;
    set_stage(*p, replay::stage::asked);
    for (auto& next : std::exchange(p->to_ask, {})) ask_page(r, next.from, std::move(next.after));
    all = replays_of(h);
    if (all == nullptr) break;
  }
  if (all != nullptr) list_replays(h, *all);
  const connection_handle reader = sessions_.at(h).connection;
  if (connection* const c = connections_.find(reader)) go_on_reading(reader, *c);
}

session_replays* shard_engine::replays_of(session_handle h) noexcept {
  session_slot* const s = find(h);
  return s != nullptr && !s->ended && s->extras ? s->extras->replays.get() : nullptr;
}

/// A session with many replays has few pages on their way at a time, so that what others send over
/// the same ways does not wait behind them.
bool shard_engine::may_ask(const session_slot& s) const noexcept {
  constexpr std::size_t at_once = 64;
  return s.is_replaying() && s.extras->replays->asked.size() < at_once && has_room(s);
}

/// A session subscribes faster than the other shards answer. While it is the session that has no
/// room, it may go on: its acknowledgements may come behind.
bool shard_engine::has_many_replays(const session_slot& s) const noexcept {
  constexpr std::size_t many = 256;
  if (!s.is_replaying()) return false;
  const session_replays& all = *s.extras->replays;
  return all.unasked.size() + all.waiting.size() >= many && are_due(all) && has_room(s);
}

bool shard_engine::has_room(const session_slot& s) const noexcept {
  const connection* const c = connections_.find(s.connection);
  if (c == nullptr) return true;  // the session's own limits decide
  return unsent(*c) <= options.limits.output_bytes_max / 4 && s.log.bytes() <= room_bytes;
}

void shard_engine::end_replay(replay_handle r) {
  replay* const p = replays_.find(r);
  if (p == nullptr) return;
  std::unique_ptr<session_replays>& all = sessions_.at(p->session).extras->replays;
  set_stage(*p, replay::stage::settled);  // wherever it was
  all->settled.erase(p->place);
  if (all->empty()) all.reset();
  timers_.cancel(p->forgotten_at);
  replay_of_.remove(p->session, p->filter);
  replays_.erase(r);
}

void shard_engine::end_replay(session_handle h, std::string_view filter) {
  end_replay(replay_of_.find(h, filter));
}

/// All pages have come. A copy that is older than what they brought may still be on its way from
/// its publisher's shard; it is remembered for longer than mail ever takes.
void shard_engine::settle_replay(replay_handle r) {
  replay& p = replays_.at(r);
  if (p.replayed.empty()) {
    end_replay(r);
    return;
  }
  set_stage(p, replay::stage::settled);
  session_replays& all = *sessions_.at(p.session).extras->replays;
  if (!all.are_under_way()) all.passed = {};
  p.forgotten_at =
      arm(now.steady + settled_memory, timer_kind::settled_replay, r.index, r.generation);
}

/// A live copy from before a new subscription, of which the replay has brought the same or a newer
/// one: old after new. A session that matches by another subscription, too, has a right to it.
bool shard_engine::is_superseded(const session_slot& s, const mqtt::message_fields& m) const {
  if (!s.extras->replays) return false;
  const auto is_known = [&](replay_handle r) {
    const replay& p = replays_.at(r);
    const auto seen = p.replayed.find(m.topic);
    if (seen == p.replayed.end() || seen->second < m.retain_version) return false;
    bool has_right = false;
    s.subscriptions.for_each([&](std::string_view filter, const auto&) {
      has_right = has_right || (filter != p.filter && mqtt::topic_matches(filter, m.topic));
    });
    return !has_right;
  };
  const session_replays& all = *s.extras->replays;
  return std::ranges::any_of(all.asked, is_known) || std::ranges::any_of(all.waiting, is_known) ||
         std::ranges::any_of(all.settled, is_known);
}

/// A retained message passes live while older ones are on their way to the same session.
void shard_engine::note_live(session_slot& s, const mqtt::message_fields& m) {
  s.extras->replays->passed.note(m.topic, m.retain_version);
}

}  // namespace godwit::broker
