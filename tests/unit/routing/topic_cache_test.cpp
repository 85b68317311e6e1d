#include "routing/topic_cache.hpp"

#include <gtest/gtest.h>

namespace godwit::routing {
namespace {

std::uint32_t hash_of(std::string_view topic) {
  return static_cast<std::uint32_t>(topic.size());
}

resolved_topic list_of(std::size_t subscribers) {
  resolved_topic resolved;
  resolved.subscribers.resize(subscribers);
  return resolved;
}

TEST(TopicCache, FindsWhatItHolds) {
  topic_cache cache{4};
  EXPECT_EQ(cache.find("a", 1), nullptr);
  cache.insert("a", 1, list_of(3));
  ASSERT_NE(cache.find("a", 1), nullptr);
  EXPECT_EQ(cache.find("a", 1)->resolved.subscribers.size(), 3U);
  EXPECT_EQ(cache.find("b", 1), nullptr) << "the same hash is not the same topic";
}

TEST(TopicCache, HoldsNoMoreThanItsEntriesAndKeepsTheUsedOnes) {
  topic_cache cache{8};
  cache.insert("hot", hash_of("hot"), {});
  for (int i = 0; i < 1000; ++i) {
    const std::string topic = std::to_string(i) + std::string(4, 'x');
    cache.insert(topic, hash_of(topic), {});
    ASSERT_LE(cache.size(), 8U);
    ASSERT_NE(cache.find("hot", hash_of("hot")), nullptr) << i;
  }
}

TEST(TopicCache, RefusesLongTopicsAndHugeLists) {
  topic_cache cache{8};
  EXPECT_TRUE(cache.accepts(std::string(1024, 'a'), 1000));
  EXPECT_FALSE(cache.accepts(std::string(1025, 'a'), 1000));
  EXPECT_FALSE(cache.accepts("a", std::size_t{2} << 20));
  EXPECT_FALSE(topic_cache{0}.accepts("a", 0));
}

TEST(TopicCache, IsBoundedInBytes) {
  topic_cache cache{1000};
  for (int i = 0; i < 100; ++i) {
    const std::string topic = std::to_string(i);
    cache.insert(topic, hash_of(topic), list_of(30'000));  // 0.9 MiB each
    ASSERT_LT(cache.memory_size(), std::size_t{6} << 20);
  }
  EXPECT_GE(cache.size(), 2U);
}

TEST(TopicCache, ExchangingAListEvictsOthersButNotItsOwnEntry) {
  topic_cache cache{1000};
  const auto topic = [](std::uint32_t hash) { return std::string(hash, 't'); };
  for (std::uint32_t hash = 1; hash <= 6; ++hash) cache.insert(topic(hash), hash, {});
  // The sixth list is one too many, and its entry the first that the hand comes to.
  for (std::uint32_t hash = 6; hash >= 1; --hash) {
    cached_topic* const entry = cache.find(topic(hash), hash);
    ASSERT_NE(entry, nullptr);
    resolved_topic list = list_of(30'000);
    cache.exchange(*entry, list);
    ASSERT_EQ(entry->topic, topic(hash));
    ASSERT_EQ(entry->resolved.subscribers.size(), 30'000U);
  }
  EXPECT_EQ(cache.size(), 5U);
  EXPECT_LT(cache.memory_size(), std::size_t{5} << 20);
}

TEST(TopicCache, UsesVacantEntriesAgain) {
  topic_cache cache{100};
  for (int i = 0; i < 1000; ++i) {
    const std::string topic = std::to_string(i);
    cache.erase(cache.insert(topic, hash_of(topic), {}));
  }
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_LT(cache.memory_size(), 2000U);
}

TEST(TopicCache, AdmitsWhatComesAgainOnceItIsFull) {
  topic_cache cache{4};
  for (std::uint32_t hash = 0; hash < 4; ++hash) {
    EXPECT_TRUE(cache.admits(hash));
    cache.insert(std::to_string(hash), hash, {});
  }
  EXPECT_FALSE(cache.admits(7));
  EXPECT_TRUE(cache.admits(7));
}

TEST(TopicCache, HasNoPlaceForManyThatComeOnce) {
  topic_cache cache{65'536};
  int admitted = 0;
  for (std::uint32_t i = 1; i <= 50'000; ++i) {
    const std::uint32_t hash = i * 2'654'435'761U;
    if (!cache.admits(hash)) continue;
    cache.insert(std::to_string(i), hash, {});
    ++admitted;
  }
  EXPECT_LE(admitted, 300) << "some hundreds, and whose marks are the same by chance";
}

TEST(TopicCache, HasAPlaceForEachOfManyThatComeInTurn) {
  topic_cache cache{65'536};
  constexpr std::uint32_t topics = 50'000;
  const auto hash = [](std::uint32_t i) { return i * 2'654'435'761U ^ i >> 3U; };
  for (int round = 0; round < 30; ++round) {
    for (std::uint32_t i = 1; i <= topics; ++i) {
      const std::string topic = std::to_string(i);
      if (cache.find(topic, hash(i)) != nullptr || !cache.admits(hash(i))) continue;
      cache.insert(topic, hash(i), {});
    }
  }
  EXPECT_GT(cache.size(), topics * 95 / 100);
}

TEST(TopicCache, AdmitsNoneOfTooManyThatComeInTurn) {
  topic_cache cache{64};
  for (std::uint32_t hash = 0; hash < 64; ++hash) cache.insert(std::to_string(hash), hash, {});
  int admitted = 0;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 1; i <= 1'000; ++i) {
      // A new mark each time for each of the 64 places.
      if (cache.admits(i << 17U | (i % 64))) ++admitted;
    }
  }
  EXPECT_EQ(admitted, 0);
}

}  // namespace
}  // namespace godwit::routing
