#include "counting.hpp"
#include "engine.hpp"

#include <algorithm>
#include <bit>

namespace godwit::broker {

/// Whose publish it is; none: not one of a client that is still known.
session_handle publisher_of(const pending_operation& p) noexcept {
  if (const auto* const a = std::get_if<goal::answer>(&p.then)) return a->session;
  if (const auto* const r = std::get_if<goal::retained>(&p.then)) return r->session;
  if (const auto* const c = std::get_if<goal::count>(&p.then)) return c->publisher;
  return {};
}

pending_id shard_engine::make_pending(pending_goal then) {
  const auto h = pending_.emplace();
  pending_.at(h).then = std::move(then);
  return (std::uint64_t{h.generation} << 32) | h.index;
}

pending_operation* shard_engine::find_pending(pending_id id) noexcept {
  return pending_.find({static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32)});
}

void shard_engine::erase_pending(pending_id id) {
  pending_.erase({static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32)});
}

void shard_engine::part_done(pending_id id) {
  pending_operation* const p = find_pending(id);
  if (p == nullptr) return;
  GODWIT_ASSERT(p->outstanding != 0);
  if (--p->outstanding == 0) collected(id, *p);
}

/// All answers are in. The commit records of one client's publishes are written in its order: with
/// the later one alone on disk, a crash would let it overtake the earlier one, which is sent again.
void shard_engine::collected(pending_id id, pending_operation& p) {
  p.is_collected = true;
  const auto* const a = std::get_if<goal::answer>(&p.then);
  if (a != nullptr && p.commit.value() != 0) {
    const session_handle h = a->session;
    const session_slot* const s = find(h);
    if (s != nullptr && s->extras && !s->extras->commits.empty()) {
      commit_in_order(h);
      return;
    }
  }
  go_on(id, p);
}

/// Goes on with those publishes of a session that wait for no earlier one.
void shard_engine::commit_in_order(session_handle h) {
  for (;;) {
    session_slot* const s = find(h);
    if (s == nullptr || !s->extras || s->extras->commits.empty()) return;
    const pending_id next = s->extras->commits.front();
    pending_operation* const p = find_pending(next);
    GODWIT_ASSERT(p != nullptr);
    if (!p->is_collected) return;
    s->extras->commits.pop_front();
    go_on(next, *p);
  }
}

void shard_engine::go_on(pending_id id, pending_operation& p) {
  if (p.counts_publish) {
    p.is_counted = true;
    ports.counters.add(p.matched != 0 ? observe::counter::publish_routed
                                      : observe::counter::publish_no_subscriber);
    if constexpr (client_books::are_kept) {
      if (session_slot* const s = find(publisher_of(p))) s->books.publish_settled();
    }
  }
  write_commit(p);
  if (const auto* to = std::get_if<goal::receipt>(&p.then)) {
    reply_receipt(p, *to);
    erase_pending(id);
    return;
  }
  if (const auto* to = std::get_if<goal::handover>(&p.then)) {
    finish_handover(p, *to);
    erase_pending(id);
    return;
  }
  if (const auto* to = std::get_if<goal::retained>(&p.then)) {
    const goal::retained what = *to;
    const auto message = p.message;
    const store::ticket ticket = p.ticket;
    const bool is_refused = p.is_refused;
    erase_pending(id);
    connection* const c = connections_.find(what.connection);
    if (c != nullptr && c->parked && c->parked->retaining == id) {
      c->parked->retaining = 0;
      c->parked->ticket = ticket;
      if (is_refused && refuse_retained(what.connection, c, what.session, *message, what.id)) {
        c->parked.reset();
        go_on_reading(what.connection, *c);
        return;
      }
      unpark(what.connection, *c);
    } else if (session_slot* const s = find(what.session); s != nullptr && !s->ended) {
      if (!is_refused ||
          !refuse_retained(what.connection, nullptr, what.session, *message, what.id)) {
        routed_message m{message};
        route_publish(what.connection, nullptr, what.session, m, what.id, {ticket, {}});
      }
      late_publish_done(what.session);
    } else {
      if (what.session) {  // a client's, which is counted already
        ports.counters.subtract(observe::counter::publish_received);
      }
      route_own(message, what.will, what.publisher);
    }
    return;
  }
  if (!std::holds_alternative<goal::answer>(p.then)) {
    erase_pending(id);  // nobody waits for the disk
    return;
  }
  // Looked at once: it grows at any time, and between two looks a wait would be lost.
  const store::ticket durable = ports.durable_store.durable();
  if (is_durable(p, durable)) {
    complete(id);
    return;
  }
  if (!p.batch.is_covered_by(durable_batch_)) {
    wait_for(p.batch, {durable_wait::kind::pending, id});
  }
  if (p.ticket > durable) wait_for(p.ticket, {durable_wait::kind::pending, id});
}

/// The session's next connection may go on.
void shard_engine::late_publish_done(session_handle h) {
  session_slot* const s = find(h);
  if (s == nullptr || !s->extras || s->extras->late_publishes == 0) return;
  --s->extras->late_publishes;
  if (connection* const c = connections_.find(s->connection)) update_reading(s->connection, *c);
}

/// What must take effect once does so with this record: tentative entries everywhere wait for it.
/// Tickets follow the journal's order, so it implies them all.
void shard_engine::write_commit(pending_operation& p) {
  if (const auto* will = std::get_if<goal::will>(&p.then)) {
    records_.write(
        store::will_removed{will->number, p.needs_commit ? p.commit : mqtt::message_number{}});
  } else if (const auto* a = std::get_if<goal::answer>(&p.then);
             a != nullptr && p.commit.value() != 0) {
    const session_slot* const s = find(a->session);
    if (s != nullptr && !s->ended) {
      records_.write(store::qos2_received{s->number(), a->id,
                                          p.needs_commit ? p.commit : mqtt::message_number{}});
    } else if (p.needs_commit) {
      records_.write(store::committed{p.commit});
    } else {
      return;
    }
  } else {
    return;
  }
  p.batch = records_.open_batch();
  if (p.needs_commit) announce_commit(p);
}

void shard_engine::announce_commit(const pending_operation& p) {
  for (routing::shard_mask left = p.commit_to; left != 0; left &= left - 1) {
    unsubmitted_replies_.push_back(
        {routing::shard_id{static_cast<std::uint8_t>(std::countr_zero(left))},
         mail::commit{p.commit, {}}});
  }
  if (GODWIT_SEEDED_BUG(qos2_own_commit_too_early)) {
    commit_tentative(p.commit);
  } else if (tentative_.contains(p.commit.value())) {
    wait_for(records_.open_batch(), {durable_wait::kind::commit, p.commit.value()});
  }
}

/// Everything is safe: the answer may leave.
void shard_engine::complete(pending_id id) {
  const pending_operation& op = *find_pending(id);
  const goal::answer a = std::get<goal::answer>(op.then);
  const bool is_for_nobody = op.counts_publish && op.matched == 0;
  const auto code =
      is_for_nobody ? mqtt::reason_code::no_matching_subscribers : mqtt::reason_code::success;
  if (op.counts_publish) count_acknowledgement(ports.counters, op.since, now.steady);
  erase_pending(id);
  session_slot* const s = find(a.session);
  const bool is_qos2 = a.type == mqtt::packet_type::pubrec;
  if (s != nullptr && is_qos2) s->received.commit(a.id);
  if (connection* const c = connections_.find(a.connection)) {
    c->answers.ready(id, code);
    send_answers(a.connection, *c);
  }
  if (s != nullptr && a.type == mqtt::packet_type::suback) ask_for_retained(a.session, *s);
  if (s != nullptr && is_qos2) {
    // The client may have repeated its PUBLISH meanwhile, on this or a later connection.
    if (connection* const c = connections_.find(s->connection)) {
      c->answers.ready_repeated(a.id);
      send_answers(s->connection, *c);
    }
  }
}

void shard_engine::reply_receipt(const pending_operation& p, const goal::receipt& to) {
  mail::receipt r{to.theirs, p.ticket, p.matched, p.needs_commit, p.is_refused};
  if (p.needs_commit) {
    // The commit comes here first; members of groups elsewhere hear of it from here.
    tentative_[p.commit.value()].elsewhere |= p.commit_to;
  }
  const bool is_open = p.batch == records_.open_batch() && !records_.is_empty();
  if (is_open && !p.batch.is_none()) {
    unsubmitted_replies_.push_back({to.to, r});
    return;
  }
  if (!p.batch.is_none()) r.ticket = std::max(r.ticket, ticket_of(p.batch));
  mailbox_.post(to.to, r);
}

/// Another member has the message, or there is none.
void shard_engine::finish_handover(pending_operation& p, const goal::handover& to) {
  session_slot* const s = find(to.session);
  GODWIT_ASSERT(s != nullptr && s->extras && s->extras->handovers != 0);
  --s->extras->handovers;
  if (p.matched != 0) {
    const session::tally t =
        s->log.remove(to.position, p.needs_commit ? p.commit : mqtt::message_number{}, records_);
    GODWIT_ASSERT(t.count == 1);
    if (p.needs_commit) announce_commit(p);
    ports.counters.subtract(observe::counter::copies_in_log);
    ports.counters.add(observe::counter::copies_handed_over);
    // The copy goes on at the other member, which counted it as made.
    ports.counters.subtract(observe::counter::copies_made);
    s->books.copy_gone();
    list_for_pump(to.session, *s);  // what was held back behind it
  } else if (s->ended) {
    s->log.remove(to.position, {}, records_);
    ports.counters.subtract(observe::counter::copies_in_log);
    ports.counters.add(observe::drop_reason::shared_member_gone);
    s->books.copy_gone();
  } else {
    note_body(to.session, *s, s->log.put_back(to.position, records_));
    list_for_pump(to.session, *s);
    if (s->extras->hands_over) {
      // There may be somebody later; asking on at once would never end.
      s->extras->hands_over = false;
      s->extras->handover =
          arm(now.steady + options.limits.share_handover_after, timer_kind::share_handover,
              to.session.index, to.session.generation);
    }
  }
  to_hand_over_.push_back(to.session);
}

void shard_engine::hold_tentative(mqtt::message_number commit, session_handle h,
                                  store::log_position position) {
  tentative_[commit.value()].here.push_back({h, position});
}

/// The commit record is durable: what waited for it may be delivered.
void shard_engine::commit_tentative(mqtt::message_number commit) {
  const auto found = tentative_.find(commit.value());
  if (found == tentative_.end()) return;
  const auto entries = std::move(found->second.here);
  tentative_.erase(found);
  for (const auto& e : entries) {
    session_slot* const s = find(e.session);
    if (s == nullptr) continue;
    s->log.commit(e.position);
    note_body(e.session, *s, e.position);
    list_for_pump(e.session, *s);
    if (s->ended) to_hand_over_.push_back(e.session);
  }
}

/// The publisher's shard has written the commit record.
void shard_engine::on_commit_known(mqtt::message_number commit, store::ticket t) {
  const auto found = tentative_.find(commit.value());
  if (found == tentative_.end()) return;
  for (routing::shard_mask left = std::exchange(found->second.elsewhere, 0); left != 0;
       left &= left - 1) {
    if (GODWIT_SEEDED_BUG(commit_not_passed_on)) break;
    mailbox_.post(routing::shard_id{static_cast<std::uint8_t>(std::countr_zero(left))},
                  mail::commit{commit, t});
  }
  if (t <= ports.durable_store.durable() || GODWIT_SEEDED_BUG(qos2_commit_known_too_early)) {
    commit_tentative(commit);
  } else {
    wait_for(t, {durable_wait::kind::commit, commit.value()});
  }
}

}  // namespace godwit::broker
