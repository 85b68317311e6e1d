#include "tables.hpp"

#include "entry_log.hpp"
#include "message_table.hpp"
#include "records.hpp"

#include <gtest/gtest.h>

#include <support/random_source.hpp>

#include <map>
#include <string>
#include <vector>

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

/// A commit without rows.
class one_commit final : public row_store {
 public:
  void add(const std::vector<store::batch>& group, tables& to) {
    to.look_ahead(group);
    for (const store::batch& records : group) {
      for (const store::record& r : records) to.apply(r, {chunk_, 1, *this});
    }
  }
  /// Kinds of its records in their order, entries with their commit.
  [[nodiscard]] std::vector<std::string> written() {
    chunk_header h;
    h.number = 1;
    std::vector<std::string> names;
    auto r = chunk_reader::open(chunk_.finish(h), 1);
    chunk_record record;
    std::uint32_t offset = 0;
    while (r && r->next(record, offset)) {
      if (std::holds_alternative<message_record>(record)) names.emplace_back("message");
      if (std::holds_alternative<committed_record>(record)) names.emplace_back("committed");
      if (const auto* const e = std::get_if<enqueued_record>(&record)) {
        names.push_back("entry " + std::to_string(e->commit));
      }
    }
    return names;
  }
  std::optional<std::string> read(column /*c*/, std::string_view /*key*/) override { return {}; }
  void write(column /*c*/, std::string_view /*key*/, std::string_view /*value*/) override {}
  void erase(column /*c*/, std::string_view /*key*/) override {}
  void erase_all_with(column /*c*/, std::string_view /*prefix*/) override {}

 private:
  chunk_writer chunk_;
};

store::enqueued tentative(std::uint64_t session, std::uint64_t position, std::uint64_t message) {
  store::enqueued e = test::entry(session, position, message, "x");
  e.commit = mqtt::message_number{message};
  return e;
}

using names = std::vector<std::string>;

TEST(Tables, WriteNothingTentativeThatTheSameCommitDecides) {
  tables t;
  one_commit c;
  c.add({{test::opening(1), test::opening(2)},
         {tentative(1, 1, 7), tentative(2, 1, 7), tentative(1, 2, 8)},
         {store::committed{mqtt::message_number{7}}}},
        t);
  EXPECT_EQ(c.written(), (names{"message", "entry 0", "entry 0", "message", "entry 8"}));
  EXPECT_TRUE(t.find(1)->log.extra_of(1).is_plain());
  EXPECT_FALSE(t.find(1)->log.extra_of(2).is_plain());
}

TEST(Tables, LeaveTentativeWhatComesBehindADecision) {
  tables t;
  one_commit c;
  c.add({{test::opening(1), store::committed{mqtt::message_number{7}}}, {tentative(1, 1, 7)}}, t);
  EXPECT_EQ(c.written(), (names{"message", "entry 7"}));
  one_commit next;
  next.add({{tentative(1, 2, 8)}}, t);
  EXPECT_EQ(next.written(), (names{"message", "entry 8"}))
      << "nothing is kept of the commit before";
  one_commit last;
  last.add({{store::committed{mqtt::message_number{7}}}}, t);
  EXPECT_EQ(last.written(), (names{"committed"}));
}

}  // namespace
}  // namespace godwit::store_rocksdb
