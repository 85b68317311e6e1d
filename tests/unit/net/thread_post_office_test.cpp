#include <godwit/net/thread_post_office.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace godwit::net {
namespace {

using routing::shard_id;

broker::mail_batch numbered(std::uint64_t n) {
  broker::mail_batch batch;
  batch.letters.emplace_back(broker::mail::group_answer{n});
  return batch;
}

/// Counts; stands in if it may.
struct counting_sleeper final : sleeper {
  int rung = 0;
  int stood_in = 0;
  bool may_stand_in = false;
  void ring() noexcept override { ++rung; }
  bool stand_in() override {
    stood_in += may_stand_in ? 1 : 0;
    return may_stand_in;
  }
};

struct waking_sleeper final : sleeper {
  std::binary_semaphore awake{0};
  void ring() noexcept override { awake.release(); }
  bool stand_in() override { return false; }
};

std::uint64_t number_in(const broker::mail_batch& batch) {
  return std::get<broker::mail::group_answer>(batch.letters.at(0)).pending;
}

TEST(ThreadPostOffice, KeepsTheOrderOfEachPairUnderFourThreads) {
  constexpr std::uint8_t shards = 4;
  constexpr std::uint64_t batches = 5'000;
  thread_post_office office{shards};
  std::array<waking_sleeper, shards> sleepers;
  for (std::uint8_t i = 0; i < shards; ++i) office.set_sleeper(shard_id{i}, sleepers[i]);
  std::array<std::array<std::uint64_t, shards>, shards> next{};  // [receiver][sender]
  std::atomic<int> out_of_order{0};
  auto work = [&](std::uint8_t me) {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    const auto take = [&](shard_id from, broker::mail_batch&& batch) {
      if (number_in(batch) != next[me][from.value()]++) ++out_of_order;
      ++received;
    };
    while (received < batches * shards) {
      for (int burst = 0; burst < 10 && sent < batches; ++burst, ++sent) {
        for (std::uint8_t to = 0; to < shards; ++to) {
          office.post(shard_id{me}, shard_id{to}, numbered(sent));
        }
        office.wake_receivers(shard_id{me}, thread_post_office::how::ring);
      }
      if (office.deliver(shard_id{me}, 16, take) != 0 || sent < batches) continue;
      if (office.announce_sleep(shard_id{me})) sleepers[me].awake.acquire();
    }
  };
  std::vector<std::jthread> threads;
  for (std::uint8_t i = 0; i < shards; ++i) threads.emplace_back(work, i);
  threads.clear();
  EXPECT_EQ(out_of_order, 0);
  for (const auto& receiver : next) EXPECT_THAT(receiver, testing::Each(batches));
}

TEST(ThreadPostOffice, WakesASleeperOnceAndNobodyWhoIsAwake) {
  thread_post_office office{1};
  counting_sleeper who;
  office.set_sleeper(shard_id{0}, who);
  const auto wake = [&] {
    office.wake_receivers(shard_id{0}, thread_post_office::how::stand_in_or_ring);
  };
  office.post(shard_id{0}, shard_id{0}, numbered(1));
  wake();
  EXPECT_EQ(who.rung, 0);
  EXPECT_FALSE(office.announce_sleep(shard_id{0})) << "mail waits";
  const auto ignore = [](shard_id, broker::mail_batch&&) {};
  EXPECT_EQ(office.deliver(shard_id{0}, 10, ignore), 1U);
  ASSERT_TRUE(office.announce_sleep(shard_id{0}));
  office.post(shard_id{0}, shard_id{0}, numbered(2));
  office.post(shard_id{0}, shard_id{0}, numbered(3));
  wake();
  wake();
  EXPECT_EQ(who.rung, 1);
}

TEST(ThreadPostOffice, RingsOnlyWhereNobodyStandsIn) {
  thread_post_office office{2};
  std::array<counting_sleeper, 2> who;
  for (std::uint8_t i = 0; i < 2; ++i) office.set_sleeper(shard_id{i}, who[i]);
  who[1].may_stand_in = true;
  const auto post_to_a_sleeper = [&](thread_post_office::how h) {
    office.deliver(shard_id{1}, 10, [](shard_id, broker::mail_batch&&) {});
    ASSERT_TRUE(office.announce_sleep(shard_id{1}));
    office.post(shard_id{0}, shard_id{1}, numbered(1));
    office.wake_receivers(shard_id{0}, h);
  };
  post_to_a_sleeper(thread_post_office::how::stand_in_or_ring);
  EXPECT_EQ(who[1].stood_in, 1);
  EXPECT_EQ(who[1].rung, 0);
  post_to_a_sleeper(thread_post_office::how::ring);
  EXPECT_EQ(who[1].stood_in, 1);
  EXPECT_EQ(who[1].rung, 1);
}

TEST(ThreadPostOffice, RingsAllWhereSeveralSleep) {
  thread_post_office office{3};
  std::array<counting_sleeper, 3> who;
  for (std::uint8_t i = 0; i < 3; ++i) {
    who[i].may_stand_in = true;
    office.set_sleeper(shard_id{i}, who[i]);
    ASSERT_TRUE(office.announce_sleep(shard_id{i}));
  }
  office.post(shard_id{0}, shard_id{1}, numbered(1));
  office.post(shard_id{0}, shard_id{2}, numbered(1));
  office.wake_receivers(shard_id{0}, thread_post_office::how::stand_in_or_ring);
  for (const std::size_t i : {1U, 2U}) {
    EXPECT_EQ(who[i].stood_in, 0);
    EXPECT_EQ(who[i].rung, 1);
  }
}

TEST(ThreadPostOffice, DeliversAtMostTheLimit) {
  thread_post_office office{1};
  for (std::uint64_t i = 0; i < 5; ++i) office.post(shard_id{0}, shard_id{0}, numbered(i));
  std::vector<std::uint64_t> seen;
  const auto take = [&](shard_id, broker::mail_batch&& b) { seen.push_back(number_in(b)); };
  EXPECT_EQ(office.deliver(shard_id{0}, 3, take), 3U);
  EXPECT_FALSE(office.announce_sleep(shard_id{0}));
  EXPECT_EQ(office.deliver(shard_id{0}, 3, take), 2U);
  EXPECT_THAT(seen, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(ThreadPostOffice, MakesManyNudgesOne) {
  thread_post_office office{1};
  counting_sleeper who;
  office.set_sleeper(shard_id{0}, who);
  ASSERT_TRUE(office.announce_sleep(shard_id{0}));
  for (int i = 0; i < 100; ++i) office.nudge(shard_id{0});
  EXPECT_EQ(who.rung, 1);
  std::size_t empty = 0;
  const auto take = [&](shard_id, broker::mail_batch&& b) { empty += b.letters.empty() ? 1U : 0U; };
  EXPECT_EQ(office.deliver(shard_id{0}, 1'000, take), 1U);
  EXPECT_EQ(empty, 1U);
  office.nudge(shard_id{0});
  EXPECT_EQ(office.deliver(shard_id{0}, 1'000, take), 1U) << "the next one is heard again";
}

TEST(ThreadPostOffice, PostsNoEmptyBatch) {
  thread_post_office office{1};
  office.post(shard_id{0}, shard_id{0}, {});
  EXPECT_TRUE(office.announce_sleep(shard_id{0}));
}

}  // namespace
}  // namespace godwit::net
