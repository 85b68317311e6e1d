#include "engine.hpp"

#include <algorithm>

namespace godwit::broker {

/// Others' mail does not take what a turn has from the clients of this shard that wait for it.
void shard_engine::run_mail() {
  const std::uint32_t theirs = backlog_.empty() ? 0 : options.turn_packets_max / 2;
  while (budget_ > theirs) {
    auto next = mailbox_.take();
    if (!next) return;
    --budget_;
    std::visit([&](auto&& l) { on_letter(next->from, std::move(l)); }, std::move(next->what));
  }
}

void shard_engine::on_letter(routing::shard_id from, mail::publish&& l) {
  routed_message m{std::move(l.message)};
  const routing::resolution& r = router_.resolve(m.fields().topic);
  pending_id pending = 0;
  if (l.pending != 0) {
    pending = make_pending(goal::receipt{from, l.pending});
    pending_operation& op = *find_pending(pending);
    op.message = m.kept(*this);
    op.commit = l.commit;
  }
  delivery d;
  deliver_local(m, r, l.commit, {}, d);
  deliver_groups(m, r.groups, l.commit, pending, d);
  if (d.matched == 0 && r.groups.empty()) {
    ports.counters.add(observe::counter::mail_for_nobody);
  }
  if (l.delegated_count) {
    ports.counters.add(d.matched != 0 ? observe::counter::publish_routed
                                      : observe::counter::publish_no_subscriber);
  }
  if (pending == 0) return;
  take_in(*find_pending(pending), d);
  hold_for_slow(d, pending);
  part_done(pending);
}

/// What happened on this shard becomes part of the operation.
void shard_engine::take_in(pending_operation& op, const delivery& d) noexcept {
  op.matched += d.matched;
  op.needs_commit = op.needs_commit || d.tentative;
  if (d.durable) op.batch = records_.open_batch();
}

void shard_engine::on_letter(routing::shard_id from, mail::retain&& l) {
  const pending_id pending = make_pending(goal::receipt{from, l.pending});
  const retained_where kept = retain(l.message);
  pending_operation& op = *find_pending(pending);
  op.batch = kept.batch;
  op.is_refused = kept.is_refused;
  part_done(pending);
}

void shard_engine::on_letter(routing::shard_id from, mail::retained_query&& l) {
  auto page = retained_.match(l.filter, l.after, options.retained_page_messages,
                              options.retained_page_bytes);
  mailbox_.post(from,
                mail::retained_page{l.pending, std::move(page.messages), std::move(page.next)});
}

void shard_engine::on_letter(routing::shard_id, mail::retained_page&& l) {
  const pending_operation* const p = find_pending(l.pending);
  GODWIT_ASSERT(p != nullptr);
  const goal::page what = std::get<goal::page>(p->then);
  erase_pending(l.pending);
  on_page(what.replay, what.from, std::move(l));
}

// ---- shared groups
// --------------------------------------------------------------------------------

void shard_engine::join_here(std::string_view group, std::string_view filter,
                             const routing::group_member& who,
                             const routing::subscription_options& o) {
  const auto joined = groups_.join(group, filter, who, o);
  if (joined.first_member) router_.add_group(filter, joined.group);
}

void shard_engine::leave_here(std::string_view group, std::string_view filter,
                              const routing::group_member& who) {
  const auto left = groups_.leave(group, filter, who);
  if (left && left->last_member) router_.remove_group(filter, left->group);
}

void shard_engine::on_letter(routing::shard_id from, mail::group_join&& l) {
  join_here(l.group, l.filter, l.member, l.options);
  mailbox_.post(from, mail::group_answer{l.pending});
}

void shard_engine::on_letter(routing::shard_id from, mail::group_leave&& l) {
  leave_here(l.group, l.filter, l.member);
  if (l.pending != 0) mailbox_.post(from, mail::group_answer{l.pending});
}

void shard_engine::on_letter(routing::shard_id, mail::group_answer&& l) {
  part_done(l.pending);
}

void shard_engine::on_letter(routing::shard_id, mail::group_presence&& l) {
  groups_.set_connected(l.group, l.filter, l.member, l.connected);
  groups_.set_load(l.group, l.filter, l.member, l.load);
}

void shard_engine::on_letter(routing::shard_id from, mail::share_return&& l) {
  const pending_id pending = make_pending(goal::receipt{from, l.pending});
  pending_operation& op = *find_pending(pending);
  op.message = l.message;
  op.commit = l.commit;
  ++op.outstanding;
  return_share(pending, l.share, l.quality, l.message, l.from, l.commit);
  part_done(pending);
}

/// A member gives a message back: another one gets it, as part of the operation `pending`.
void shard_engine::return_share(pending_id pending, std::string_view share, mqtt::qos quality,
                                const base::ref<const mqtt::message>& message,
                                const routing::group_member& from, mqtt::message_number commit) {
  const auto parts = mqtt::parse_topic_filter(share);
  GODWIT_ASSERT(parts.has_value());
  delivery d;
  if (const auto group = groups_.find(parts->group, parts->filter)) {
    routed_message m{message};
    share_to_member(m, quality, *group, from, commit, pending, d);
  }
  take_in(*find_pending(pending), d);
  part_done(pending);
}

/// A message for a member at home here. If its membership has ended it goes back to the group.
void shard_engine::on_letter(routing::shard_id from, mail::share_deliver&& l) {
  const session_handle h{l.member.subscriber.value(), l.member.session_epoch};
  session_slot* const s = find(h);
  const bool is_member = s != nullptr && !s->ended && s->subscriptions.contains(l.share);
  delivery d;
  if (is_member) {
    routed_message m{std::move(l.message)};
    deliver_share(h, *s, m, l.options, l.share, l.commit, d);
  }
  if (l.pending == 0) return;
  mail::share_answer answer{l.pending, {}, is_member, d.tentative, l.number, 0};
  if (is_member) answer.load = report_load(*s);
  if (d.durable) {
    unsubmitted_replies_.push_back({from, answer});
  } else {
    mailbox_.post(from, answer);
  }
}

void shard_engine::on_letter(routing::shard_id from, mail::share_answer&& l) {
  pending_operation* const op = find_pending(l.pending);
  GODWIT_ASSERT(op != nullptr);
  // One that waited for its batch comes behind one that did not.
  const auto share = std::find_if(op->shares.begin(), op->shares.end(),
                                  [&](const forwarded_share& f) { return f.number == l.number; });
  GODWIT_ASSERT(share != op->shares.end());
  const forwarded_share which = *share;
  op->shares.erase(share);
  if (l.taken) {
    groups_.set_load(groups_.name(which.group), groups_.filter(which.group), which.member, l.load);
    ++op->matched;
    op->ticket = std::max(op->ticket, l.ticket);
    if (l.wants_commit) {
      op->needs_commit = true;
      op->commit_to |= bit(from);
    }
  } else if (!groups_.filter(which.group).empty()) {
    // Its leave is on the way and may be stuck behind letters like this one; picking it again and
    // again would keep the message going in a circle.
    const std::string group{groups_.name(which.group)};
    const std::string filter{groups_.filter(which.group)};
    leave_here(group, filter, which.member);
  }
  if (!l.taken && !groups_.filter(which.group).empty()) {
    routed_message m{op->message};
    delivery d;
    share_to_member(m, which.quality, which.group, which.member, op->commit, l.pending, d);
    take_in(*op, d);
  }
  part_done(l.pending);
}

// ---- receipts and commits
// ---------------------------------------------------------------------------

void shard_engine::on_letter(routing::shard_id from, mail::receipt&& l) {
  pending_operation* const op = find_pending(l.pending);
  GODWIT_ASSERT(op != nullptr);
  op->matched += l.matched;
  op->ticket = std::max(op->ticket, l.ticket);
  op->is_refused = op->is_refused || l.is_refused;
  if (l.wants_commit) {
    op->needs_commit = true;
    op->commit_to |= bit(from);
  }
  part_done(l.pending);
}

void shard_engine::on_letter(routing::shard_id, mail::commit&& l) {
  on_commit_known(l.number, l.ticket);
}

void shard_engine::on_letter(routing::shard_id, mail::connection&& l) {
  on_moved(std::move(l));
}

void shard_engine::on_letter(routing::shard_id, mail::credit&&) {
  GODWIT_ASSERT(false);  // the mailbox takes these in
}

}  // namespace godwit::broker
