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

std::uint64_t number_in(const broker::mail_batch& batch) {
  return std::get<broker::mail::group_answer>(batch.letters.at(0)).pending;
}

TEST(ThreadPostOffice, KeepsTheOrderOfEachPairUnderFourThreads) {
  constexpr std::uint8_t shards = 4;
  constexpr std::uint64_t batches = 5'000;
  thread_post_office office{shards};
  std::array<std::binary_semaphore, shards> awake{
      std::binary_semaphore{0}, std::binary_semaphore{0}, std::binary_semaphore{0},
      std::binary_semaphore{0}};
  for (std::uint8_t i = 0; i < shards; ++i) {
    office.set_wake(shard_id{i}, [&awake, i] { awake[i].release(); });
  }
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
      }
      if (office.deliver(shard_id{me}, 16, take) != 0 || sent < batches) continue;
      if (office.announce_sleep(shard_id{me})) awake[me].acquire();
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
  int woken = 0;
  office.set_wake(shard_id{0}, [&] { ++woken; });
  office.post(shard_id{0}, shard_id{0}, numbered(1));
  EXPECT_EQ(woken, 0);
  EXPECT_FALSE(office.announce_sleep(shard_id{0})) << "mail waits";
  const auto ignore = [](shard_id, broker::mail_batch&&) {};
  EXPECT_EQ(office.deliver(shard_id{0}, 10, ignore), 1U);
  ASSERT_TRUE(office.announce_sleep(shard_id{0}));
  office.post(shard_id{0}, shard_id{0}, numbered(2));
  office.post(shard_id{0}, shard_id{0}, numbered(3));
  EXPECT_EQ(woken, 1);
}

TEST(ThreadPostOffice, DeliversAtMostTheLimit) {
  thread_post_office office{1};
  office.set_wake(shard_id{0}, [] {});
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
  int woken = 0;
  office.set_wake(shard_id{0}, [&] { ++woken; });
  ASSERT_TRUE(office.announce_sleep(shard_id{0}));
  for (int i = 0; i < 100; ++i) office.nudge(shard_id{0});
  EXPECT_EQ(woken, 1);
  std::size_t empty = 0;
  const auto take = [&](shard_id, broker::mail_batch&& b) { empty += b.letters.empty() ? 1U : 0U; };
  EXPECT_EQ(office.deliver(shard_id{0}, 1'000, take), 1U);
  EXPECT_EQ(empty, 1U);
  office.nudge(shard_id{0});
  EXPECT_EQ(office.deliver(shard_id{0}, 1'000, take), 1U) << "the next one is heard again";
}

TEST(ThreadPostOffice, PostsNoEmptyBatch) {
  thread_post_office office{1};
  office.set_wake(shard_id{0}, [] {});
  office.post(shard_id{0}, shard_id{0}, {});
  EXPECT_TRUE(office.announce_sleep(shard_id{0}));
}

}  // namespace
}  // namespace godwit::net
