#include "runner.hpp"

#include <algorithm>

namespace godwit::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

void runner::step() {
  const std::size_t what = context_.below(100);
  if (what < 38) {
    random_turn();
  } else if (what < 66) {
    random_network();
  } else if (what < 86) {
    context_.one_of(personas_)->act();
  } else if (what < 88) {
    if (!rude_.empty()) context_.one_of(rude_)->act();
  } else if (what < 94) {
    store_weather_.step();
    random_commit();
  } else {
    random_time();
  }
  memory_weather_.step();
  random_crash();
  if (context_.below(12) == 0) disturb_a_move();
  forget_old_links();
}

void runner::turn(std::size_t i, const test::test_broker::turn_plan& how) {
  turn_began_ = context_.mark();
  broker_.turn(i, context_.now, how);
}

void runner::random_turn() {
  std::size_t i = context_.below(broker_.shards());
  // Mostly where something is to be done; sometimes a turn comes for nothing.
  for (std::size_t tries = 0; tries < broker_.shards() && context_.chance(90); ++tries) {
    if (broker_.wants_turn(i, context_.now.steady)) break;
    i = (i + 1) % broker_.shards();
  }
  if (!broker_.wants_turn(i, context_.now.steady)) context_.count(fault::turn_for_nothing);
  const routing::shard_id self{static_cast<std::uint8_t>(i)};
  test::test_broker::turn_plan how;
  how.connections = context_.chance(90);
  if (!how.connections) context_.count(fault::turn_without_network);
  if (broker_.shards() > 1 && context_.chance(4)) {
    // The mail of one pair of shards is slow for a while.
    slow_mail_ = {routing::shard_id{static_cast<std::uint8_t>(context_.below(broker_.shards()))},
                  routing::shard_id{static_cast<std::uint8_t>(context_.below(broker_.shards()))}};
  }
  how.mail = [this, self](std::size_t to) { random_mail(self, to); };
  context_.note("turn of shard " + std::to_string(i));
  turn(i, how);
  after_turn();
}

void runner::random_mail(routing::shard_id self, std::size_t to) {
  while (context_.chance(75)) {
    auto senders = broker_.mail().senders_to(self);
    if (slow_mail_.second == self && std::erase(senders, slow_mail_.first) != 0) {
      context_.count(fault::slow_mail);
    }
    if (senders.empty()) return;
    broker_.deliver_mail(context_.one_of(senders), to);
  }
  if (broker_.mail().has_mail_for(self)) context_.count(fault::mail_left_over);
}

/// Is there another connection whose bytes have waited for longer?
bool runner::is_passed_by(const link& l) const {
  return std::ranges::any_of(links_, [&](const auto& other) {
    return other.get() != &l && other->waits_since() < l.waits_since() && !other->is_over();
  });
}

void runner::random_network() {
  if (links_.empty()) return;
  std::size_t which = context_.below(links_.size());
  const bool up = context_.chance(50);
  for (std::size_t tries = 0; tries < links_.size(); ++tries) {
    if (up ? links_[which]->can_move_up() : links_[which]->can_move_down()) break;
    which = (which + 1) % links_.size();
  }
  const std::shared_ptr<link> l = links_[which];
  if (context_.chance(plan_.cut_percent)) {
    context_.note("network resets " + l->name());
    context_.count(fault::network_reset);
    l->reset();
    for (const auto& p : personas_) p->look();
    return;
  }
  if (context_.chance(plan_.latency_percent)) {
    context_.count(fault::latency);
    l->hold(milliseconds{1 + context_.below(2'000)});
    return;
  }
  const std::size_t bytes = context_.chance(plan_.chop_percent)
                                ? 1 + context_.below(6)
                                : (context_.chance(50) ? 100'000 : 1 + context_.below(400));
  if (up && l->can_move_up() && is_passed_by(*l)) context_.count(fault::reordering);
  move(*l, up, bytes);
}

/// The moment between two shards is short, so it is sought.
void runner::disturb_a_move() {
  const auto moving = std::ranges::find_if(links_, [](const auto& l) { return l->is_moving(); });
  if (moving == links_.end()) return;
  const std::shared_ptr<link> l = *moving;
  const auto owner =
      std::ranges::find_if(personas_, [&](const auto& p) { return p->current() == l; });
  switch (context_.below(4)) {
    case 0:
      context_.note("network resets " + l->name() + " between two shards");
      context_.count(fault::cut_while_moving);
      l->reset();
      break;
    case 1:
      context_.note(l->name() + " closes between two shards");
      context_.count(fault::closed_while_moving);
      l->close();
      l->move_up(100'000);
      break;
    default:
      if (owner != personas_.end() && (*owner)->take_over()) {
        context_.count(fault::superseded_while_moving);
      }
      break;
  }
  for (const auto& p : personas_) p->look();
}

void runner::random_commit() {
  store::memory_store& s = broker_.durable_store();
  if (s.waiting() == 0) return;
  const std::size_t n = 1 + context_.below(context_.chance(50) ? 3 : s.waiting());
  context_.note("store commits " + std::to_string(n));
  if (n < s.waiting()) context_.count(fault::partial_commit);
  s.commit(n);
}

void runner::random_time() {
  base::duration d = milliseconds{1 + context_.below(50)};
  if (context_.chance(25)) d = milliseconds{100 + context_.below(2'000)};
  if (plan_.long_pauses && context_.chance(6)) d = seconds{5 + context_.below(50)};
  if (broker_.durable_store().waiting() != 0) context_.count(fault::late_commit);
  context_.pass(d);
  if (d < seconds{5}) return;
  context_.count(fault::long_pause);
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    turn(i);
    after_turn();
  }
  check_keep_alive();
}

}  // namespace godwit::sim
