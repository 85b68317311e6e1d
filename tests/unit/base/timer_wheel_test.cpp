#include <godwit/base/random.hpp>
#include <godwit/base/timer_wheel.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <vector>

namespace godwit::base {
namespace {

using namespace std::chrono_literals;

enum class what : std::uint32_t { keep_alive, will };

struct payload {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  what kind = what::keep_alive;
  std::uint32_t spare = 0;
};

using wheel = timer_wheel<payload>;

static_assert(sizeof(payload) == 16);
static_assert(wheel::bytes_per_timer() <= 40);

steady_time at(duration since_boot) {
  return steady_time{since_boot};
}

std::vector<std::uint32_t> fired(wheel& timers, steady_time now) {
  std::vector<std::uint32_t> indices;
  timers.advance(now, [&](const payload& p) { indices.push_back(p.index); });
  return indices;
}

TEST(TimerWheel, FiresAtTheDeadlineAndNeverBefore) {
  wheel timers;
  timers.schedule(at(1500ms), {.index = 1});
  EXPECT_TRUE(fired(timers, at(1499ms)).empty());
  EXPECT_EQ(fired(timers, at(1500ms)), std::vector{1U});
  EXPECT_TRUE(timers.empty());
}

TEST(TimerWheel, RoundsADeadlineUpToATick) {
  wheel timers;
  timers.schedule(at(1501ms), {.index = 1});
  EXPECT_TRUE(fired(timers, at(1509ms)).empty());
  EXPECT_EQ(timers.next_due(), at(1510ms));
  EXPECT_EQ(fired(timers, at(1510ms)), std::vector{1U});
}

TEST(TimerWheel, FiresAnOverdueTimerInTheNextAdvance) {
  wheel timers;
  EXPECT_TRUE(fired(timers, at(1h)).empty());
  timers.schedule(at(30min), {.index = 1});
  timers.schedule(at(1h), {.index = 2});
  timers.schedule(steady_time::min(), {.index = 3});
  EXPECT_EQ(timers.next_due(), at(1h));
  EXPECT_EQ(fired(timers, at(1h)), (std::vector{1U, 2U, 3U}));
}

TEST(TimerWheel, CancelsOnce) {
  wheel timers;
  const auto token = timers.schedule(at(1s), {.index = 1});
  EXPECT_TRUE(timers.cancel(token));
  EXPECT_FALSE(timers.cancel(token));
  EXPECT_FALSE(timers.cancel(timer_token{}));
  EXPECT_TRUE(timers.empty());
  EXPECT_EQ(timers.next_due(), std::nullopt);
  EXPECT_TRUE(fired(timers, at(2s)).empty());
}

TEST(TimerWheel, TokenIsStaleOnceItsTimerFires) {
  wheel timers;
  timer_token token = timers.schedule(at(1s), {.index = 1});
  bool cancelled = true;
  timers.advance(at(1s), [&](const payload&) { cancelled = timers.cancel(token); });
  EXPECT_FALSE(cancelled);
  timers.schedule(at(2s), {.index = 2});
  EXPECT_FALSE(timers.cancel(token));
  EXPECT_EQ(timers.size(), 1U);
}

TEST(TimerWheel, CancelsFromWithinATimerOneThatIsDueToo) {
  wheel timers;
  std::vector<timer_token> tokens;
  for (std::uint32_t i = 0; i < 3; ++i) tokens.push_back(timers.schedule(at(1s), {.index = i}));
  std::vector<std::uint32_t> seen;
  timers.advance(at(1s), [&](const payload& p) {
    seen.push_back(p.index);
    if (p.index == 0) {
      EXPECT_TRUE(timers.cancel(tokens[1]));
    }
  });
  EXPECT_EQ(seen, (std::vector{0U, 2U}));
}

TEST(TimerWheel, ATimerThatRearmsItselfAtOnceDoesNotStopTheTurn) {
  wheel timers;
  timers.schedule(at(1s), {.index = 1});
  int count = 0;
  const auto rearm = [&](const payload& p) {
    ++count;
    timers.schedule(at(1s), p);
  };
  timers.advance(at(5s), rearm);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(timers.next_due(), at(5s));
  timers.advance(at(5s), rearm);
  EXPECT_EQ(count, 2);
}

TEST(TimerWheel, APeriodicTimerFiresOncePerAdvanceAfterAGap) {
  wheel timers;
  timers.schedule(at(1s), {.index = 1});
  int count = 0;
  timers.advance(at(1h), [&](const payload& p) {
    ++count;
    timers.schedule(at(2s), p);
  });
  EXPECT_EQ(count, 1);
}

TEST(TimerWheel, ReachesEveryDeadlineThereIs) {
  for (const auto deadline : {0ns, 1ns, duration{10ms}, duration{640ms}, duration{24h},
                              duration{365 * 24h}, duration{200 * 365 * 24h}}) {
    wheel timers;
    timers.schedule(at(deadline), {.index = 1});
    std::size_t count = 0;
    int wakes = 0;
    while (const auto due = timers.next_due()) {
      count += fired(timers, *due).size();
      ASSERT_LT(++wakes, 9) << deadline.count();
    }
    EXPECT_EQ(count, 1U) << deadline.count();
  }
  wheel timers;
  timers.schedule(steady_time::max(), {.index = 1});
  EXPECT_TRUE(fired(timers, at(290 * 365 * 24h)).empty());
  EXPECT_EQ(timers.size(), 1U);
}

TEST(TimerWheel, SkipsLongGapsWithoutVisitingTheirTicks) {
  wheel timers;
  // 10,000 jumps of a day are 8.6e10 ticks: the test could not end if each were visited.
  steady_time now = at(0s);
  for (std::uint32_t day = 0; day < 10'000; ++day) {
    timers.schedule(now + 24h, {.index = day});
    now += 24h;
    ASSERT_EQ(fired(timers, now), std::vector{day});
  }
}

TEST(TimerWheel, TimeThatGoesBackFiresNothingEarly) {
  wheel timers;
  fired(timers, at(10s));
  timers.schedule(at(20s), {.index = 1});
  EXPECT_TRUE(fired(timers, at(5s)).empty());
  timers.schedule(at(7s), {.index = 2});
  EXPECT_EQ(fired(timers, at(5s)), std::vector{2U});
  EXPECT_EQ(fired(timers, at(20s)), std::vector{1U});
}

TEST(TimerWheel, ReusesItsMemory) {
  wheel timers;
  std::vector<timer_token> tokens;
  for (std::uint32_t i = 0; i < 1000; ++i) tokens.push_back(timers.schedule(at(60s), {.index = i}));
  const auto before = timers.allocated_bytes();
  for (std::uint32_t round = 1; round < 100; ++round) {
    for (auto& token : tokens) {
      ASSERT_TRUE(timers.cancel(token));
      token = timers.schedule(at(60s + round * 7ms), {});
    }
  }
  EXPECT_EQ(timers.allocated_bytes(), before);
}

/// Deadlines of all magnitudes, so that all levels are in use.
duration random_delay(prng& random) {
  const auto magnitude = static_cast<unsigned>(random.below(52));
  return duration{static_cast<duration::rep>(random.below(std::uint64_t{2} << magnitude))};
}

class RandomTimerWheel : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomTimerWheel, AgreesWithASortedMap) {
  SCOPED_TRACE(GetParam());
  prng random{GetParam()};
  wheel timers;
  struct armed {
    std::uint32_t id;
    timer_token token;
  };
  std::multimap<steady_time, armed> model;
  std::map<std::uint32_t, std::multimap<steady_time, armed>::iterator> by_id;
  steady_time now = at(duration{static_cast<duration::rep>(random.below(1'000'000'000'000))});
  std::uint32_t next_id = 0;
  const auto arm = [&] {
    const steady_time deadline = now + random_delay(random) - 5ms;
    const auto token = timers.schedule(deadline, {.index = next_id});
    by_id[next_id] = model.emplace(deadline, armed{next_id, token});
    ++next_id;
  };
  const auto cancel_one = [&] {
    if (by_id.empty()) return;
    auto it = by_id.lower_bound(static_cast<std::uint32_t>(random.below(next_id)));
    if (it == by_id.end()) it = by_id.begin();
    ASSERT_TRUE(timers.cancel(it->second->second.token));
    model.erase(it->second);
    by_id.erase(it);
  };

  for (int step = 0; step < 4000; ++step) {
    for (auto n = random.below(4); n > 0; --n) arm();
    if (random.chance(1, 2)) cancel_one();
    const auto due = timers.next_due();
    ASSERT_EQ(due.has_value(), !model.empty());
    if (due) {
      ASSERT_LT(*due, std::max(model.begin()->first, now) + wheel::tick);
    }
    now = due && random.chance(1, 2) ? std::max(now, *due) : now + random_delay(random);
    // Those armed by a timer during the advance may wait for the next one.
    std::set<std::uint32_t> before;
    for (const auto& [id, it] : by_id) before.insert(id);
    timers.advance(now, [&](const payload& p) {
      const auto it = by_id.find(p.index);
      ASSERT_NE(it, by_id.end()) << "fired twice or after its cancellation";
      ASSERT_LE(it->second->first, now) << "early";
      model.erase(it->second);
      by_id.erase(it);
      if (random.chance(1, 4)) arm();
      if (random.chance(1, 8)) cancel_one();
    });
    for (const auto& [deadline, timer] : model) {
      if (deadline + wheel::tick > now) break;
      ASSERT_FALSE(before.contains(timer.id)) << "more than a tick late";
    }
    ASSERT_EQ(timers.size(), model.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTimerWheel, ::testing::Range<std::uint64_t>(1, 9));

TEST(TimerWheel, WaitingForNextDueMovesOn) {
  prng random{42};
  wheel timers;
  for (std::uint32_t i = 0; i < 2000; ++i) timers.schedule(at(random_delay(random)), {.index = i});
  std::size_t advances = 0;
  steady_time last = at(-1s);
  while (const auto due = timers.next_due()) {
    ASSERT_GT(*due, last);
    last = *due;
    timers.advance(*due, [](const payload&) {});
    ++advances;
  }
  EXPECT_LE(advances, 2000U * 7U);
}

}  // namespace
}  // namespace godwit::base
