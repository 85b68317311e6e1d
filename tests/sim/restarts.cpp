#include "runner.hpp"

namespace godwit::sim {

using std::chrono::milliseconds;

void runner::random_crash() {
  if (failed_for_ != 0) {
    if (--failed_for_ == 0) crash(survives::nothing);
    return;
  }
  if (crashes_left_ != 0 && context_.below(plan_.crash_every) == 0) {
    --crashes_left_;
    crash(context_.chance(50) ? survives::nothing : survives::first_batches);
  }
  if (failures_left_ != 0 && context_.below(plan_.steps) == 0) fail_store();
  if (restarts_left_ != 0 && failed_for_ == 0 && context_.below(plan_.steps) == 0) restart();
}

/// From here on nothing becomes durable, so nothing may be acknowledged that the next broker would
/// not know.
void runner::fail_store() {
  --failures_left_;
  context_.note("THE STORE FAILS");
  context_.count(fault::store_failure);
  store_weather_.fail();
  failed_for_ = 1 + context_.below(300);
}

void runner::crash(survives what) {
  failed_for_ = 0;
  if (context_.chance(50)) {
    // What has left the broker may well arrive.
    for (const auto& l : links_) move(*l, false, 100'000);
  }
  store::memory_store& s = broker_.durable_store();
  const bool is_torn = what == survives::first_batches && s.waiting() != 0;
  std::size_t survivors = 0;
  if (is_torn) {
    // A batch is atomic, so a torn journal is one that ends earlier.
    survivors = context_.below(s.waiting() + 1);
    s.commit(survivors);
    context_.count(fault::torn_crash);
  }
  if (s.waiting() != 0) context_.count(fault::crash_losing_batches);
  context_.note("CRASH, " + std::to_string(survivors) + " of the waiting batches survive");
  for (const auto& l : links_) l->meet_stop();
  broker_.crash();
  store_weather_.start_again();
  for (const auto& p : personas_) p->look();
  oracle_.on_crash();
  start_again();
}

void runner::start_again() {
  const std::size_t shards = 1 + context_.below(4);
  if (shards != shards_) context_.count(fault::other_shard_count);
  shards_ = shards;
  context_.note("start with " + std::to_string(shards) + " shards");
  broker_.start(shards, context_.now);
}

void runner::restart() {
  --restarts_left_;
  store_weather_.clear();  // or it would not stop
  context_.note("graceful restart");
  context_.count(fault::graceful_restart);
  for (const auto& l : links_) l->meet_stop();
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    test::test_broker::turn_plan how;
    how.inside = [this, i] { broker_.shard(i).stop(); };
    turn(i, how);
    read_log();
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
    for (std::size_t i = 0; i < broker_.shards(); ++i) {
      turn(i);
      read_log();
    }
  }
  broker_.durable_store().commit(broker_.durable_store().waiting());
  broker_.take_down();
  for (const auto& p : personas_) p->look();
  store_weather_.start_again();
  oracle_.on_restart();
  start_again();
}

}  // namespace godwit::sim
