#include "runner.hpp"

#include <algorithm>
#include <map>

namespace godwit::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

runner::runner(std::uint64_t seed, bool echo)
    : seed_{seed},
      context_{seed, echo},
      plan_{make_plan(context_)},
      broker_{plan_.broker, context_.now},
      store_weather_{context_, broker_.durable_store(), plan_.store},
      oracle_{context_, plan_.personas.size(), plan_.broker.shard.limits.inflight_max},
      crashes_left_{plan_.crashes},
      restarts_left_{plan_.restarts} {
  context_.note("seed " + std::to_string(seed) + ": " + describe(plan_));
  for (std::size_t i = 0; i < plan_.personas.size(); ++i) {
    personas_.push_back(std::make_unique<persona>(context_, oracle_, plan_.personas[i], i,
                                                  [this](const auto& name) { return dial(name); }));
  }
  for (std::size_t i = 0; i < plan_.rude; ++i) {
    rude_.push_back(std::make_unique<rude_client>(context_, i,
                                                  [this](const auto& name) { return dial(name); }));
  }
}

std::shared_ptr<link> runner::dial(const std::string& name) {
  auto l = std::make_shared<link>(context_, name, plan_.wire_capacity);
  const std::size_t where = context_.below(broker_.shards());
  broker_.transport(where).accept(l->wire(), {.address = name, .listener = "sim"});
  links_.push_back(l);
  return l;
}

outcome runner::run() {
  for (std::size_t i = 0; i < plan_.steps && context_.violations.empty(); ++i) step();
  if (context_.violations.empty()) settle();
  outcome o;
  o.seed = seed_;
  o.hash = context_.lines.hash();
  o.deliveries = oracle_.deliveries();
  o.simulated = context_.now.steady.time_since_epoch() - std::chrono::hours{1'000};
  o.violations = context_.violations;
  o.plan = describe(plan_);
  if (!o.violations.empty()) o.tail = context_.lines.tail();
  return o;
}

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
  if (context_.below(plan_.steps) == 0 && crashes_left_ != 0) crash();
  if (context_.below(plan_.steps) == 0 && restarts_left_ != 0) restart();
  forget_old_links();
}

void runner::random_turn() {
  std::size_t i = context_.below(broker_.shards());
  // Mostly where something is to be done; sometimes a turn comes for nothing.
  for (std::size_t tries = 0; tries < broker_.shards() && context_.chance(90); ++tries) {
    if (broker_.wants_turn(i, context_.now.steady)) break;
    i = (i + 1) % broker_.shards();
  }
  const routing::shard_id self{static_cast<std::uint8_t>(i)};
  test::test_broker::turn_plan how;
  how.connections = context_.chance(90);
  if (context_.chance(4)) {
    // The mail of one pair of shards is slow for a while.
    slow_mail_ = {routing::shard_id{static_cast<std::uint8_t>(context_.below(broker_.shards()))},
                  routing::shard_id{static_cast<std::uint8_t>(context_.below(broker_.shards()))}};
  }
  how.mail = [this, self](std::size_t to) {
    while (context_.chance(75)) {
      auto senders = broker_.mail().senders_to(self);
      if (slow_mail_.second == self) std::erase(senders, slow_mail_.first);
      if (senders.empty()) return;
      broker_.deliver_mail(context_.one_of(senders), to);
    }
  };
  context_.note("turn of shard " + std::to_string(i));
  broker_.turn(i, context_.now, how);
  after_turn();
}

void runner::after_turn() {
  const auto& events = broker_.log().events();
  for (; logged_ < events.size(); ++logged_) {
    const test::logged_event& e = events[logged_];
    context_.note("log: " + e.text());
    if (e.name != "client.disconnected") continue;
    for (const auto& l : links_) {
      if (l->name() == e.field("peer")) l->note_end();
    }
  }
  for (const auto& l : links_) l->look();
  check_one_connection_each();
}

void runner::check_one_connection_each() {
  std::map<std::string, link*> live;
  for (const auto& l : links_) {
    if (!l->is_live()) continue;
    const std::string client = l->name().substr(0, l->name().find('#'));
    const auto [at, is_first] = live.emplace(client, l.get());
    if (is_first) continue;
    // Which of them is the older one is seen by who stays.
    at->second->displace();
    l->displace();
  }
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
    l->reset();
    for (const auto& p : personas_) p->look();
    return;
  }
  const std::size_t bytes = context_.chance(plan_.chop_percent)
                                ? 1 + context_.below(6)
                                : (context_.chance(50) ? 100'000 : 1 + context_.below(400));
  move(*l, up, bytes);
}

void runner::move(link& l, bool up, std::size_t bytes) {
  if (up) {
    if (l.can_move_up()) l.move_up(bytes);
  } else if (l.can_move_down()) {
    const base::bytes moved = l.move_down(bytes);
    for (const auto& p : personas_) p->on_bytes(l, moved);
    if (auditor_) auditor_->on_bytes(l, moved);
  }
}

void runner::random_commit() {
  store::memory_store& s = broker_.durable_store();
  if (s.waiting() == 0) return;
  const std::size_t n = 1 + context_.below(context_.chance(50) ? 3 : s.waiting());
  context_.note("store commits " + std::to_string(n));
  s.commit(n);
}

void runner::random_time() {
  base::duration d = milliseconds{1 + context_.below(50)};
  if (context_.chance(25)) d = milliseconds{100 + context_.below(2'000)};
  if (plan_.long_pauses && context_.chance(6)) d = seconds{5 + context_.below(50)};
  context_.pass(d);
  if (d < seconds{5}) return;
  for (std::size_t i = 0; i < broker_.shards(); ++i) broker_.turn(i, context_.now);
  after_turn();
  check_keep_alive();
}

void runner::check_keep_alive() {
  std::map<std::string, std::size_t> displaced;
  for (const auto& l : links_) {
    const std::string client = l->name().substr(0, l->name().find('#'));
    if (l->is_displaced_too_long() && ++displaced[client] > 1) {
      context_.fail("two live connections of " + client);
    }
  }
  // A publish that waits for mail credit pauses its connection, too; in bad weather that can be
  // long.
  if (!is_settling_ && plan_.broker.shard.mail_credit < 1'000) return;
  for (const auto& p : personas_) {
    // A connection whose publishes wait for their answers may be paused; then its clock stands
    // still.
    if (!p->is_up() || p->has_open_business()) continue;
    if (!is_settling_ && p->may_be_held()) continue;
    if (p->current()->must_be_closed(p->what().keep_alive_s)) {
      context_.fail(p->current()->name() + " is silent beyond its keep alive and still open");
    }
  }
}

void runner::crash() {
  --crashes_left_;
  if (context_.chance(50)) {
    // What has left the broker may well arrive.
    for (const auto& l : links_) move(*l, false, 100'000);
  }
  const std::size_t shards = 1 + context_.below(4);
  context_.note("CRASH, then " + std::to_string(shards) + " shards");
  broker_.crash();
  for (const auto& p : personas_) p->look();
  oracle_.on_crash();
  broker_.start(shards, context_.now);
}

void runner::restart() {
  --restarts_left_;
  store_weather_.clear();  // or it would not stop
  const std::size_t shards = 1 + context_.below(4);
  context_.note("graceful restart, then " + std::to_string(shards) + " shards");
  for (const auto& l : links_) l->meet_stop();
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    test::test_broker::turn_plan how;
    how.inside = [this, i] { broker_.shard(i).stop(); };
    broker_.turn(i, context_.now, how);
  }
  const auto all_stopped = [this] {
    for (std::size_t i = 0; i < broker_.shards(); ++i) {
      if (!broker_.shard(i).stopped()) return false;
    }
    return true;
  };
  for (int rounds = 0; !all_stopped(); ++rounds) {
    if (rounds == 1'000) return context_.fail("the broker does not stop");
    context_.pass(milliseconds{10});
    broker_.durable_store().commit(broker_.durable_store().waiting());
    for (const auto& l : links_) move(*l, false, 100'000);
    for (std::size_t i = 0; i < broker_.shards(); ++i) broker_.turn(i, context_.now);
  }
  broker_.durable_store().commit(broker_.durable_store().waiting());
  broker_.take_down();
  for (const auto& p : personas_) p->look();
  oracle_.on_restart();
  broker_.start(shards, context_.now);
}

void runner::forget_old_links() {
  std::erase_if(links_, [this](const auto& l) {
    return l->is_over() &&
           std::ranges::none_of(personas_, [&](const auto& p) { return p->current() == l; });
  });
}

}  // namespace godwit::sim
