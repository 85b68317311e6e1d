#include "daemon/shard_pulse.hpp"
#include "daemon/start_pulse.hpp"
#include "notify_manager.hpp"

#include <godwit/net/boot_clock.hpp>
#include <godwit/store/memory_store.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace godwit::daemon {
namespace {

using namespace std::chrono_literals;

TEST(StartPulse, AsksForMoreTimeAgainAndAgainUntilItsEnd) {
  const std::string name = "@" + test::unique_name() + "-pulse";
  const test::manager systemd{name};
  const service_notifier notifier{name};
  const std::string wanted = "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=Reading the store";
  {
    const start_pulse pulse{notifier, 1ms, 60s};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(systemd.wait_for_one(), wanted);
  }
  while (systemd.receive() == wanted) {
  }
  EXPECT_EQ(systemd.receive(), "nothing came");
}

TEST(StartPulse, SaysNothingOfAQuickStart) {
  const std::string name = "@" + test::unique_name() + "-quick";
  const test::manager systemd{name};
  const service_notifier notifier{name};
  { const start_pulse pulse{notifier, 1h, 60s}; }
  EXPECT_EQ(systemd.receive(), "nothing came");
}

struct silent final : observe::log_sink {
  void write(const observe::log_event&) noexcept override {}
};

/// Shards that run, without a listener.
struct shards_that_run {
  explicit shards_that_run(std::size_t shards)
      : authenticators(shards, &authenticator),
        authorizers(shards, &authorizer),
        counters(shards),
        interest{shards, 1},
        threads{options_for(shards),
                {store, authenticators, authorizers, interest, numbers, clock, log, counters}} {
    threads.start();
  }
  static net::options options_for(std::size_t shards) {
    net::options o;
    o.shard.shards = shards;
    o.listeners.clear();
    return o;
  }
  net::boot_clock clock;
  silent log;
  store::memory_store store{store::memory_store::mode::immediate};
  auth::anonymous_authenticator authenticator;
  auth::open_authorizer authorizer;
  std::vector<auth::authenticator*> authenticators;
  std::vector<auth::authorizer*> authorizers;
  std::vector<observe::counters> counters;
  routing::interest_table interest;
  broker::number_source numbers;
  net::broker_threads threads;
};

/// Until it beats as wanted; false if that takes a minute.
bool beats(shard_pulse& pulse, bool wanted) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < end) {
    if (pulse.beat() == wanted) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(ShardPulse, StopsWhileOneShardOfManyTakesNoTurn) {
  shards_that_run all{3};
  shard_pulse pulse{all.threads, 3};
  EXPECT_TRUE(pulse.beat()) << "nobody has been asked yet";
  std::promise<void> stuck;
  std::promise<void> go_on;
  all.threads.run_on(routing::shard_id{1}, [&stuck, freed = go_on.get_future().share()] {
    stuck.set_value();
    freed.wait();
  });
  stuck.get_future().wait();
  EXPECT_TRUE(beats(pulse, false));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(pulse.beat()) << "the others answer, it does not";
  go_on.set_value();
  EXPECT_TRUE(beats(pulse, true));
}

}  // namespace
}  // namespace godwit::daemon
