#include "recovered.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace godwit::store {
namespace {

constexpr std::uint64_t threads = 4;
constexpr std::uint64_t batches = 500;

/// Several shards submit at once; returns the tickets each of them got.
std::vector<std::vector<ticket>> submit_from_all(memory_store& s) {
  std::vector<std::vector<ticket>> tickets(threads);
  std::vector<std::thread> all;
  for (std::uint64_t t = 0; t < threads; ++t) {
    all.emplace_back([&s, &mine = tickets[t], t] {
      batch open;
      open.emplace_back(opened(t + 1, std::to_string(t)));
      mine.push_back(s.submit(std::move(open)));
      for (std::uint64_t i = 1; i <= batches; ++i) {
        batch b;
        b.emplace_back(entry(t + 1, i, t * batches + i));
        mine.push_back(s.submit(std::move(b)));
      }
    });
  }
  for (std::thread& t : all) t.join();
  return tickets;
}

void expect_unique_and_growing(const std::vector<std::vector<ticket>>& tickets) {
  std::vector<bool> seen(threads * (batches + 1) + 1);
  for (const std::vector<ticket>& mine : tickets) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    for (const ticket t : mine) {
      ASSERT_LT(t.value(), seen.size());
      EXPECT_FALSE(seen[t.value()]);
      seen[t.value()] = true;
    }
  }
}

TEST(TicketOrder, HoldsForSubmitsOfSeveralThreads) {
  memory_store s{memory_store::mode::immediate};
  expect_unique_and_growing(submit_from_all(s));
  EXPECT_EQ(s.durable().value(), threads * (batches + 1));
  EXPECT_EQ(s.count().entries, threads * batches);
}

TEST(TicketOrder, HoldsWhileACommitterRuns) {
  memory_store s{memory_store::mode::manual};
  std::atomic<std::uint64_t> announced{0};
  s.on_news([&] { announced.store(s.durable().value(), std::memory_order_relaxed); });
  std::atomic<bool> stop{false};
  std::thread committer{[&] {
    std::uint64_t last = 0;
    while (!stop.load(std::memory_order_acquire)) {
      s.commit(7);
      EXPECT_GE(s.durable().value(), last);
      last = s.durable().value();
      std::this_thread::yield();
    }
  }};
  const auto tickets = submit_from_all(s);
  stop.store(true, std::memory_order_release);
  committer.join();
  s.commit(s.waiting());
  expect_unique_and_growing(tickets);
  EXPECT_EQ(s.durable().value(), threads * (batches + 1));
  EXPECT_EQ(announced.load(), s.durable().value());
  const recovered r{s};
  for (const restored_session& one : r.sessions) EXPECT_EQ(one.entries.size(), batches);
}

}  // namespace
}  // namespace godwit::store
