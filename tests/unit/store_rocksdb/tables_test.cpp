#include "entry_log.hpp"
#include "message_table.hpp"

#include <gtest/gtest.h>

#include <support/random_source.hpp>

#include <map>

namespace godwit::store_rocksdb {
namespace {

TEST(MessageTable, KnowsWhereBodiesAre) {
  message_table t;
  t.place(70, {(std::uint64_t{1} << 40U) + 5, 0xFFFF'FFFE}, 100);
  t.add_reference(70);
  t.add_reference(70);
  EXPECT_EQ(t.find(70), (body_location{(std::uint64_t{1} << 40U) + 5, 0xFFFF'FFFE}));
  EXPECT_EQ(t.find(71), body_location{});
  EXPECT_EQ(t.live_bytes(), 100U);
  t.release(70);
  EXPECT_TRUE(t.contains(70));
  t.release(70);
  EXPECT_FALSE(t.contains(70));
  EXPECT_EQ(t.live_bytes(), 0U);
}

TEST(MessageTable, CountsMoreReferencesThanFit) {
  message_table t;
  t.place(1, {1, 1}, 1);
  for (int i = 0; i < 70'000; ++i) t.add_reference(1);
  EXPECT_EQ(t.references(1), 70'000U);
  for (int i = 0; i < 69'999; ++i) t.release(1);
  EXPECT_EQ(t.references(1), 1U);
  t.release(1);
  EXPECT_EQ(t.size(), 0U);
}

TEST(MessageTable, RoundsSizesUpAndTakesThemBack) {
  message_table t;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const std::size_t before = t.live_bytes();
    t.place(i, {1, 1}, i * 12'345);
    t.add_reference(i);
    EXPECT_GE(t.live_bytes() - before, i * 12'345);
    EXPECT_LE(t.live_bytes() - before, i * 12'345 + i * 12'345 / 1'000 + 1);
  }
  for (std::uint64_t i = 1; i <= 200; ++i) t.release(i);
  EXPECT_EQ(t.live_bytes(), 0U);
}

// Found by the kill loop: entries of a session that has ended are not replayed, and one of them had
// been what kept the body from being written twice.
TEST(MessageTable, KeepsABodyDuringReplayThoughNothingNamesItForAWhile) {
  message_table t;
  t.keep_unnamed();
  t.place(1, {1, 1}, 10);
  t.add_reference(1);
  t.release(1);
  t.add_reference(1);
  EXPECT_EQ(t.settle(), 0U);
  EXPECT_EQ(t.find(1), (body_location{1, 1}));
  t.release(1);
  EXPECT_FALSE(t.contains(1));
}

TEST(MessageTable, SettlesWhatReplayLeaves) {
  message_table t;
  t.place(1, {1, 1}, 10);  // nothing names it
  t.place(2, {1, 2}, 10);
  t.add_reference(2);
  EXPECT_EQ(t.settle(), 0U);
  EXPECT_EQ(t.size(), 1U);
  t.add_reference(3);
  EXPECT_EQ(t.settle(), 3U);
}

TEST(MemoryPerMessage, IsWithinTwentyFiveBytes) {
  message_table messages;
  entry_log log;
  constexpr std::uint64_t count = 100'000;
  for (std::uint64_t i = 1; i <= count; ++i) {
    messages.place(i, {i / 256, static_cast<std::uint32_t>(i % 256)}, 100);
    messages.add_reference(i);
    log.insert(i, i);
  }
  EXPECT_LE((messages.allocated_bytes() + log.allocated_bytes()) / count, 25U);
  for (std::uint64_t i = 1; i <= count; ++i) {
    messages.release(log.find(i));
    log.erase(i);
  }
  EXPECT_EQ(log.allocated_bytes(), 0U);
}

TEST(EntryLog, IsWhatAMapWouldBe) {
  test::random_source random{5};
  entry_log log;
  std::map<std::uint64_t, std::uint64_t> expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t position = random.below(700);
    if (expected.contains(position)) {
      EXPECT_EQ(log.find(position), expected[position]);
      log.erase(position);
      expected.erase(position);
    } else {
      EXPECT_EQ(log.find(position), 0U);
      log.insert(position, position + 1'000);
      expected[position] = position + 1'000;
    }
  }
  std::map<std::uint64_t, std::uint64_t> found;
  log.for_each([&](std::uint64_t position, std::uint64_t message) { found[position] = message; });
  EXPECT_EQ(found, expected);
  EXPECT_EQ(log.size(), expected.size());
}

}  // namespace
}  // namespace godwit::store_rocksdb
