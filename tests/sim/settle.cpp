#include "runner.hpp"

#include <algorithm>

namespace godwit::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

void runner::settle() {
  context_.note("the weather clears up");
  is_settling_ = true;
  if (failed_for_ != 0) crash(survives::nothing);
  store_weather_.clear();
  memory_weather_.clear();
  for (const auto& r : rude_) r->leave();
  for (const auto& l : links_) l->hold({});
  if (!come_to_rest()) return;
  // Long enough for keep alive, for wills that wait after a restart, and for held publishers.
  wait(seconds{100}, seconds{2});
  if (!come_to_rest()) return;
  check_progress();
  check_silence();
  check_balance();
  oracle_.check_delivered();
  oracle_.check_groups();
  oracle_.check_wills();
  if (!context_.violations.empty()) return;
  audit_retained();
  leave();
  check_balance();
  check_empty();
}

bool runner::full_round() {
  bool moved = false;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const std::shared_ptr<link> l = links_[i];
    if (l->can_move_up()) {
      l->move_up(1'000'000);
      moved = true;
    }
    if (l->can_move_down()) {
      move(*l, false, 1'000'000);
      moved = true;
    }
  }
  for (const auto& p : personas_) {
    if (has_left_) {
      p->look();
    } else if (p->behave()) {
      moved = true;
    }
  }
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    if (!broker_.wants_turn(i, context_.now.steady)) continue;
    turn(i);
    after_turn();
    moved = true;
  }
  if (broker_.durable_store().waiting() != 0) {
    broker_.durable_store().commit(broker_.durable_store().waiting());
    moved = true;
  }
  moved = store_weather_.answer_all() || moved;
  forget_old_links();
  return moved;
}

bool runner::come_to_rest() {
  constexpr int rounds_max = 20'000;
  for (int i = 0; i < rounds_max; ++i) {
    if (!context_.violations.empty()) return false;
    if (!full_round()) return true;
  }
  context_.fail("never comes to rest");
  return false;
}

void runner::wait(base::duration d, base::duration step) {
  const base::steady_time end = context_.now.steady + d;
  while (context_.now.steady < end && context_.violations.empty()) {
    context_.pass(step);
    come_to_rest();
    check_keep_alive();
  }
}

/// One client falls silent: it must be closed after one and a half intervals.
void runner::check_silence() {
  const auto who = std::ranges::find_if(
      personas_, [](const auto& p) { return p->is_up() && p->what().keep_alive_s != 0; });
  if (who == personas_.end() || !context_.violations.empty()) return;
  persona& p = **who;
  const std::shared_ptr<link> l = p.current();
  p.fall_silent();
  wait(milliseconds{p.what().keep_alive_s * 1'500 + 2'000}, milliseconds{500});
  if (!context_.violations.empty()) return;
  if (l->reason() != "keep_alive_timeout") {
    context_.fail(l->name() + " is silent and " +
                  (l->ends() == 0 ? "still open" : "ended by " + l->reason()));
  }
  p.speak_again();
  come_to_rest();
  check_progress();
}

void runner::check_progress() {
  for (const auto& p : personas_) {
    if (!p->is_up()) context_.fail(p->what().client_id + " does not get connected");
    if (p->has_open_business()) context_.fail("no progress for " + p->open_business());
  }
  if (broker_.mail().size() != 0) context_.fail("mail is left over");
}

void runner::check_balance() {
  const observe::totals t = broker_.totals();
  const broker::shard::census c = broker_.census();
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  if (t.publish_balance() != 0) {
    context_.fail("balance of publishes is off by " + number(t.publish_balance()));
  }
  if (t.copy_balance() != 0) {
    context_.fail("balance of copies is off by " + number(t.copy_balance()));
  }
  const std::int64_t in_log = t.gauge(observe::counter::copies_in_log);
  if (in_log != static_cast<std::int64_t>(c.log_entries)) {
    context_.fail("counted in the log " + number(in_log) + ", there are " +
                  std::to_string(c.log_entries));
  }
  std::uint64_t reasons = 0;
  for (const std::uint64_t n : t.closes) reasons += n;
  const std::uint64_t closed = t[observe::counter::connections_closed];
  if (reasons != closed) {
    context_.fail(std::to_string(closed) + " connections closed for " + std::to_string(reasons) +
                  " reasons");
  }
  if (t[observe::counter::connections_opened] - closed != c.connections) {
    context_.fail("connections opened " + std::to_string(t[observe::counter::connections_opened]) +
                  ", closed " + std::to_string(closed) + ", there are " +
                  std::to_string(c.connections));
  }
}

void runner::audit_retained() {
  auditor_ = std::make_unique<plain_client>(context_, dial("auditor#1"));
  auditor_->subscribe_to_all();
  if (!come_to_rest()) return;
  wait(seconds{1}, milliseconds{500});
  if (auditor_->unanswered() != 0) context_.fail("the auditor gets no answer");
  const std::map<std::string, std::string> found = auditor_->retained();
  oracle_.check_retained(found);
  for (const auto& [topic, payload] : found) auditor_->clear(topic);
  come_to_rest();
  if (auditor_->unanswered() != 0) context_.fail("the auditor gets no answer to its publishes");
}

void runner::leave() {
  if (!context_.violations.empty()) return;
  context_.note("everybody leaves");
  has_left_ = true;
  auditor_->disconnect();
  for (const auto& p : personas_) p->disconnect();
  come_to_rest();
  for (std::size_t i = 0; i < personas_.size(); ++i) {
    // Every second session ends by a new CONNECT, the others, and those of rude clients, expire.
    if (i % 2 == 0) personas_[i]->connect(true, false);
  }
  come_to_rest();
  for (const auto& p : personas_) p->disconnect();
  come_to_rest();
  const base::duration expiry = plan_.broker.shard.limits.session_expiry;
  wait(expiry + seconds{200}, expiry / 2 + seconds{50});
}

void runner::check_empty() {
  if (!context_.violations.empty()) return;
  const broker::shard::census c = broker_.census();
  const store::memory_store::contents s = broker_.durable_store().count();
  const auto none = [this](const char* what, std::size_t n) {
    if (n != 0) context_.fail("left over: " + std::to_string(n) + ' ' + what);
  };
  for (const auto& l : links_) {
    if (l->ends() == 0 && !l->has_met_stop()) {
      context_.fail(l->name() + " ended without a reason");
    }
  }
  none("connections", c.connections);
  none("sessions", c.sessions);
  none("connected sessions", c.sessions_connected);
  none("subscriptions", c.subscriptions);
  none("trie nodes", c.trie_nodes);
  none("log entries", c.log_entries);
  none("retained messages", c.retained);
  none("groups", c.groups);
  // The budget's sweep goes on for ever.
  none("timers", c.timers - (plan_.memory_percent ? broker_.shards() : 0));
  none("pending operations", c.pending);
  none("wills", c.wills);
  none("stored sessions", s.sessions);
  none("stored entries", s.entries);
  none("stored subscriptions", s.subscriptions);
  none("stored QoS 2 ids", s.qos2_ids);
  none("stored wills", s.wills);
  none("stored retained messages", s.retained);
  none("undecided entries", s.undecided);
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    none("interest counts",
         broker_.interest().count(routing::shard_id{static_cast<std::uint8_t>(i)}));
  }
}

}  // namespace godwit::sim
