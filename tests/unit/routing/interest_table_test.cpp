#include "random_topics.hpp"
#include "support/clause.hpp"

#include <godwit/mqtt/topic.hpp>
#include <godwit/routing/interest_table.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

namespace godwit::routing {
namespace {

constexpr shard_id zero{0};
constexpr shard_id one{1};
constexpr shard_mask bit_one = 2;

TEST(InterestTable, SeesExactFiltersAndLiteralPrefixes) {
  interest_table table{4, 1};
  table.add(one, "a/b");
  table.add(shard_id{3}, "a/b/+/d");
  EXPECT_EQ(table.interested(zero, "a/b"), bit_one | 8U) << "a/b/+/d over-reports";
  EXPECT_EQ(table.interested(zero, "a/b/c/d"), 8U);
  EXPECT_EQ(table.interested(zero, "a"), 0U);
  EXPECT_EQ(table.interested(zero, "a/c"), 0U);
  EXPECT_EQ(table.interested(one, "a/b"), 8U) << "never the one who asks";
}

TEST(InterestTable, PrefixOfAMultiLevelWildcardIncludesTheParentTopic) {
  clause("v311 MQTT-4.7.1-2");
  interest_table table{2, 1};
  table.add(one, "a/b/#");
  EXPECT_EQ(table.interested(zero, "a/b"), bit_one);
  EXPECT_EQ(table.interested(zero, "a/b/c/d"), bit_one);
  EXPECT_EQ(table.interested(zero, "a"), 0U);
}

TEST(InterestTable, AnExactFilterIsNotAPrefix) {
  interest_table table{2, 1};
  table.add(one, "a");
  EXPECT_EQ(table.interested(zero, "a/b"), 0U);
  table.add(one, "b/#");
  table.remove(one, "a");
  EXPECT_EQ(table.interested(zero, "a"), 0U);
}

TEST(InterestTable, FirstLevelWildcardsAskForAllButServerTopics) {
  clause("v311 MQTT-4.7.2-1");
  interest_table table{2, 1};
  table.add(one, "#");
  table.add(one, "+/x");
  EXPECT_EQ(table.interested(zero, "any/thing"), bit_one);
  EXPECT_EQ(table.interested(zero, "$SYS/x"), 0U);
  table.remove(one, "#");
  table.remove(one, "+/x");
  EXPECT_EQ(table.interested(zero, "any/thing"), 0U);
}

TEST(InterestTable, FiltersDeeperThanItTellsApartAreStillFound) {
  interest_table table{2, 1};
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::to_string(i) + '/';
  table.add(one, deep + "#");
  EXPECT_EQ(table.interested(zero, deep + "x"), bit_one);
  EXPECT_EQ(table.interested(zero, "0/1/2"), 0U);
  table.remove(one, deep + "#");
  EXPECT_EQ(table.interested(zero, deep + "x"), 0U);
  EXPECT_EQ(table.count(one), 0U);
}

TEST(InterestTable, TakesATopicOfSixtyFiveThousandSlashes) {
  interest_table table{shards_max, 1};
  const std::string slashes(65'535, '/');
  table.add(shard_id{63}, slashes);
  EXPECT_EQ(table.interested(zero, slashes), shard_mask{1} << 63);
  EXPECT_EQ(table.interested(zero, std::string(65'534, '/')), 0U);
}

TEST(InterestTable, GenerationMovesOnlyWhenAnAnswerMayChange) {
  interest_table table{2, 1};
  const std::uint64_t start = table.generation();
  table.add(one, "a/b");
  const std::uint64_t added = table.generation();
  EXPECT_NE(added, start);
  table.add(one, "a/b");
  table.remove(one, "a/b");
  EXPECT_EQ(table.generation(), added);
  table.remove(one, "a/b");
  EXPECT_NE(table.generation(), added);
}

TEST(InterestTable, CountsBackToZero) {
  interest_table table{2, 1};
  for (int i = 0; i < 5000; ++i) table.add(one, "t/" + std::to_string(i) + (i % 3 ? "" : "/+"));
  EXPECT_EQ(table.count(one), 5000U);
  EXPECT_EQ(table.count(zero), 0U);
  for (int i = 0; i < 5000; ++i) table.remove(one, "t/" + std::to_string(i) + (i % 3 ? "" : "/+"));
  EXPECT_EQ(table.count(one), 0U);
}

TEST(InterestTable, NeverUnderReports) {
  constexpr std::uint64_t seed = 555;
  SCOPED_TRACE(seed);
  test::random_topics topics{seed};
  interest_table table{8, seed};
  std::map<std::pair<std::uint8_t, std::string>, int> model;
  std::vector<std::pair<std::uint8_t, std::string>> live;
  for (int step = 0; step < 20'000; ++step) {
    if (live.empty() || topics.random().chance(11, 20)) {
      live.emplace_back(static_cast<std::uint8_t>(topics.random().below(8)), topics.filter());
      table.add(shard_id{live.back().first}, live.back().second);
    } else {
      std::swap(live[topics.random().below(live.size())], live.back());
      table.remove(shard_id{live.back().first}, live.back().second);
      live.pop_back();
    }
    if (step % 20 != 0) continue;
    const std::string topic = topics.topic();
    shard_mask wanted = 0;
    for (const auto& [shard, filter] : live) {
      if (shard != 0 && mqtt::topic_matches(filter, topic)) wanted |= shard_mask{1} << shard;
    }
    ASSERT_EQ(table.interested(zero, topic) & wanted, wanted) << topic;
  }
}

// Topics next to those subscribed to: all that is reported comes from hashing, or from a prefix.
TEST(InterestTable, OverReportsUnderFivePercentAtTwoHundredThousandFilters) {
  interest_table table{2, 0x5eed};
  const auto name = [](int site, int device) {
    return "site/" + std::to_string(site) + "/device/" + std::to_string(device);
  };
  for (int i = 0; i < 200'000; ++i) {
    const std::string base = name(i % 400, i / 400);
    switch (i % 10) {
      case 0:
        table.add(one, base + "/#");
        break;
      case 1:
        table.add(one, base + "/+/value");
        break;
      case 2:
        table.add(one, base + "/status/+");
        break;
      default:
        table.add(one, base + "/value");
        break;
    }
  }
  int reported = 0;
  constexpr int asked = 100'000;
  for (int i = 0; i < asked; ++i) {
    // An unknown device; a known one's other topic; other levels altogether.
    const std::string topic = i % 3 == 0   ? name(i % 400, 500 + i / 400) + "/value"
                              : i % 3 == 1 ? name(3 + i % 390 / 10 * 10, i % 500) + "/other"
                                           : "plant/" + std::to_string(i) + "/value";
    if (table.interested(zero, topic) != 0) ++reported;
  }
  RecordProperty("over_reported_of_100000", reported);
  EXPECT_LT(reported, asked / 20);
}

TEST(InterestTable, ReadersSeeEveryFinishedInsertionWhileItGrows) {
  constexpr int filters = 20'000;
  interest_table table{3, 7};
  std::atomic<int> published{0};
  std::atomic<int> missed{0};
  const auto filter = [](int i) { return "f/" + std::to_string(i) + (i % 4 == 0 ? "/#" : ""); };
  const auto topic = [](int i) { return "f/" + std::to_string(i); };

  const auto read = [&] {
    std::uint64_t generation = 0;
    for (int seen = 0; seen < filters;) {
      seen = published.load(std::memory_order_acquire);
      if (seen == 0) continue;
      // The newest, which may lie in a table just grown, and one from the middle.
      for (const int i : {seen - 1, seen / 2}) {
        if ((table.interested(zero, topic(i)) & bit_one) == 0) missed.fetch_add(1);
      }
      if (table.generation() < generation) missed.fetch_add(1);
      generation = table.generation();
    }
  };
  std::thread first{read};
  std::thread second{read};
  // Another writer, in a row of its own, adds and removes all the while.
  std::thread other{[&] {
    for (int i = 0; published.load(std::memory_order_acquire) < filters; ++i) {
      table.add(shard_id{2}, "g/" + std::to_string(i));
      if (i >= 100) table.remove(shard_id{2}, "g/" + std::to_string(i - 100));
    }
  }};
  for (int i = 0; i < filters; ++i) {
    // Neighbours that come and go must not hide the one that stays.
    table.add(one, "gone/" + std::to_string(i));
    table.add(one, filter(i));
    table.remove(one, "gone/" + std::to_string(i));
    published.store(i + 1, std::memory_order_release);
  }
  first.join();
  second.join();
  other.join();
  EXPECT_EQ(missed.load(), 0);
  EXPECT_EQ(table.count(one), static_cast<std::uint64_t>(filters));
}

}  // namespace
}  // namespace godwit::routing
