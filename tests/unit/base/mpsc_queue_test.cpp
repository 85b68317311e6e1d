#include <godwit/base/mpsc_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

namespace godwit::base {
namespace {

std::vector<int> drained(mpsc_queue<int>& queue, std::size_t limit = 1000) {
  std::vector<int> values;
  queue.drain([&](int v) { values.push_back(v); }, limit);
  return values;
}

TEST(MpscQueue, KeepsTheOrder) {
  mpsc_queue<int> queue;
  for (const int i : {1, 2, 3}) EXPECT_FALSE(queue.push(i));
  EXPECT_EQ(drained(queue), (std::vector{1, 2, 3}));
  EXPECT_TRUE(drained(queue).empty());
}

TEST(MpscQueue, KeepsTheOrderOverABoundedDrain) {
  mpsc_queue<int> queue;
  for (const int i : {1, 2, 3}) EXPECT_FALSE(queue.push(i));
  EXPECT_EQ(drained(queue, 2), (std::vector{1, 2}));
  EXPECT_FALSE(queue.push(4));
  EXPECT_EQ(drained(queue, 1), (std::vector{3}));
  EXPECT_FALSE(queue.push(5));
  EXPECT_EQ(drained(queue), (std::vector{4, 5}));
}

TEST(MpscQueue, WakesOnlyTheSleeperAndOnlyOnce) {
  mpsc_queue<int> queue;
  EXPECT_FALSE(queue.push(1));
  EXPECT_FALSE(queue.announce_sleep()) << "a value waits";
  drained(queue);
  EXPECT_TRUE(queue.announce_sleep());
  EXPECT_TRUE(queue.announce_sleep()) << "twice is once";
  EXPECT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(drained(queue), (std::vector{2, 3}));
  EXPECT_FALSE(queue.push(4));
}

TEST(MpscQueue, DoesNotSleepOverWhatABoundedDrainLeft) {
  mpsc_queue<int> queue;
  for (const int i : {1, 2}) EXPECT_FALSE(queue.push(i));
  drained(queue, 1);
  EXPECT_FALSE(queue.announce_sleep());
}

TEST(MpscQueue, WakingForAnotherReasonEndsTheAnnouncement) {
  mpsc_queue<int> queue;
  EXPECT_TRUE(queue.announce_sleep());
  EXPECT_TRUE(drained(queue).empty());
  EXPECT_FALSE(queue.push(1));
}

TEST(MpscQueue, PushedFromWithinADrain) {
  mpsc_queue<int> queue;
  EXPECT_FALSE(queue.push(1));
  queue.drain([&](int v) { EXPECT_FALSE(queue.push(v + 1)); });
  EXPECT_EQ(drained(queue), std::vector{2});
  EXPECT_TRUE(queue.announce_sleep());
}

TEST(MpscQueue, DestroysWhatNobodyTook) {
  const auto counted = std::make_shared<int>(0);
  {
    mpsc_queue<std::shared_ptr<int>> queue;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(queue.push(counted));
    queue.drain([](const auto&) {}, 1);
    EXPECT_FALSE(queue.push(counted));
    EXPECT_EQ(counted.use_count(), 4);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

// The consumer really sleeps on a semaphore: a lost wake-up would hang the test, and a value out of
// its producer's order or missing fails it. Each value is owned memory, so that ThreadSanitizer and
// AddressSanitizer see how it is handed over.
TEST(MpscQueue, FourProducersAndASleepingConsumer) {
  constexpr std::size_t producers = 4;
  constexpr std::uint32_t per_producer = 20'000;
  struct letter {
    std::size_t from;
    std::unique_ptr<std::uint32_t> number;
  };
  mpsc_queue<letter> queue;
  std::counting_semaphore<> wake{0};

  std::vector<std::jthread> threads;
  for (std::size_t p = 0; p < producers; ++p) {
    threads.emplace_back([&queue, &wake, p] {
      for (std::uint32_t i = 0; i < per_producer; ++i) {
        if (queue.push({p, std::make_unique<std::uint32_t>(i)})) wake.release();
      }
    });
  }
  std::array<std::uint32_t, producers> next{};
  std::size_t received = 0;
  bool in_order = true;
  while (received < producers * per_producer) {
    const auto count =
        queue.drain([&](letter l) { in_order = in_order && *l.number == next[l.from]++; }, 100);
    received += count;
    if (count == 0 && queue.announce_sleep()) wake.acquire();
  }
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(queue.announce_sleep());
}

}  // namespace
}  // namespace godwit::base
