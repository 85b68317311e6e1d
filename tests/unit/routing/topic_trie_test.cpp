#include "routing/topic_trie.hpp"

#include "support/clause.hpp"

#include <gtest/gtest.h>

namespace godwit::routing {
namespace {

class topic_trie_fixture : public ::testing::Test {
 protected:
  void add(std::string_view filter, std::uint32_t id = 1) {
    trie.insert(filter, subscriber_entry{subscriber_id{id}, {}});
  }
  bool remove(std::string_view filter, std::uint32_t id = 1) {
    return trie.erase(filter, subscriber_entry{subscriber_id{id}, {}}).found;
  }
  std::size_t matches(std::string_view topic) {
    sets.clear();
    trie.match(topic, sets);
    return sets.size();
  }

  topic_trie trie{42};
  std::vector<const subscriber_set*> sets;
};

using TopicTrie = topic_trie_fixture;

TEST_F(TopicTrie, MultiLevelWildcardMatchesItsParentAndAllBelow) {
  clause("v311 MQTT-4.7.1-2");
  clause("v31 M31-topic-3");
  add("a/#");
  for (const char* topic : {"a", "a/", "a/b", "a/b/c", "a//"})
    EXPECT_EQ(matches(topic), 1U) << topic;
  for (const char* topic : {"b", "aa", "/a", "A", "a b"}) EXPECT_EQ(matches(topic), 0U) << topic;
}

TEST_F(TopicTrie, LoneMultiLevelWildcardMatchesEveryOrdinaryTopic) {
  clause("v311 MQTT-4.7.1-2");
  add("#");
  for (const char* topic : {"a", "/", "//", "a/b/c"}) EXPECT_EQ(matches(topic), 1U) << topic;
}

TEST_F(TopicTrie, SingleLevelWildcardMatchesExactlyOneLevelEvenAnEmptyOne) {
  clause("v311 MQTT-4.7.1-3");
  clause("v31 M31-topic-4");
  clause("v31 M31-topic-5");
  add("+");
  EXPECT_EQ(matches("finance"), 1U);
  EXPECT_EQ(matches("/finance"), 0U);
  add("+/+", 2);
  add("/+", 3);
  EXPECT_EQ(matches("/finance"), 2U);
  EXPECT_EQ(matches("a/b"), 1U);
  EXPECT_EQ(matches("a/b/c"), 0U);
  add("a/+/c", 4);
  EXPECT_EQ(matches("a//c"), 1U);
  EXPECT_EQ(matches("a/b/c"), 1U);
  EXPECT_EQ(matches("a/c"), 1U) << "only +/+";
}

TEST_F(TopicTrie, FirstLevelWildcardsDoNotSeeServerTopics) {
  clause("v311 MQTT-4.7.2-1");
  clause("v31 M31-topic-7");
  for (const char* filter : {"#", "+", "+/x", "+/#", "+/+"}) add(filter);
  EXPECT_EQ(matches("$SYS/x"), 0U);
  EXPECT_EQ(matches("$SYS"), 0U);
  EXPECT_EQ(matches("$"), 0U);
  add("$SYS/#");
  add("$SYS/+", 2);
  EXPECT_EQ(matches("$SYS/x"), 2U);
  EXPECT_EQ(matches("a/$x"), 3U) << "'$' is special in the first level only: # +/# +/+";
}

TEST_F(TopicTrie, ComparesTopicsByteByByte) {
  clause("v311 MQTT-4.7.3-4");
  clause("v31 M31-topic-5");
  add("caf\xc3\xa9");
  EXPECT_EQ(matches("caf\xc3\xa9"), 1U);
  EXPECT_EQ(matches("cafe\xcc\x81"), 0U) << "the same letter, decomposed";
  EXPECT_EQ(matches("CAF\xc3\xa9"), 0U);
  EXPECT_EQ(matches("caf\xc3\xa9 "), 0U);
  EXPECT_EQ(matches("caf\xc3\xa9/"), 0U);
  add("\xef\xbb\xbft");
  EXPECT_EQ(matches("\xef\xbb\xbft"), 1U) << "a byte order mark is a character";
  EXPECT_EQ(matches("t"), 0U);
}

TEST_F(TopicTrie, FreesNodesThatHoldNothingAnyMore) {
  add("a/b/c");
  add("a/b");
  add("a/+/c");
  add("a/b/c/#");
  EXPECT_EQ(trie.node_count(), 6U);
  EXPECT_TRUE(remove("a/b/c"));
  EXPECT_EQ(trie.node_count(), 6U) << "a/b/c is on the way to a/b/c/#";
  EXPECT_TRUE(remove("a/b/c/#"));
  EXPECT_EQ(trie.node_count(), 4U);
  EXPECT_TRUE(remove("a/+/c"));
  EXPECT_EQ(trie.node_count(), 2U);
  EXPECT_TRUE(remove("a/b"));
  EXPECT_EQ(trie.node_count(), 0U);
}

TEST_F(TopicTrie, ErasesOnlyTheFilterThatIsTheSameByteByByte) {
  clause("v311 MQTT-3.10.4-1");
  add("a/+");
  EXPECT_FALSE(remove("a/b"));
  EXPECT_FALSE(remove("a/#"));
  EXPECT_FALSE(remove("A/+"));
  EXPECT_FALSE(remove("a"));
  EXPECT_EQ(matches("a/b"), 1U);
  EXPECT_TRUE(remove("a/+"));
  EXPECT_EQ(matches("a/b"), 0U);
}

TEST_F(TopicTrie, TakesAFilterAndATopicOfSixtyFiveThousandSlashes) {
  const std::string slashes(65'535, '/');
  std::string pluses;
  while (pluses.size() + 2 <= 65'535) pluses += "+/";
  pluses += '+';
  add(slashes, 1);
  add(pluses, 2);
  add("#", 3);
  add("/#", 4);
  EXPECT_EQ(trie.node_count(), 32'768U + 4U) << "'#', '', '#' and a tail below it";
  EXPECT_EQ(matches(slashes), 3U);
  EXPECT_EQ(matches(std::string(32'767, '/')), 3U);
  EXPECT_TRUE(remove(slashes, 1));
  EXPECT_TRUE(remove(pluses, 2));
  EXPECT_EQ(trie.node_count(), 3U) << "'#', the empty level and '#' below it";
}

TEST_F(TopicTrie, KeepsWhatOneFilterHasForItselfInOneNode) {
  add("a/b/c/d");
  EXPECT_EQ(trie.node_count(), 1U);
  for (const char* topic : {"a", "a/b", "a/b/c", "a/b/c/", "a/b/c/dd", "a/b/c/d/", "a/b/c/d/e"})
    EXPECT_EQ(matches(topic), 0U) << topic;
  EXPECT_EQ(matches("a/b/c/d"), 1U);
  add("a/b/x/y", 2);
  EXPECT_EQ(trie.node_count(), 4U) << "a, b, c/d and x/y";
  add("a/b", 3);
  add("a/b/x/y/z", 4);
  EXPECT_EQ(trie.node_count(), 6U) << "x, y and z instead of x/y";
  add("+/b/x/y", 5);
  add("a/+/c/d", 6);
  add("a/b/c/d/#", 7);
  EXPECT_EQ(trie.node_count(), 12U) << "+, b/x/y; +, c/d; c, d and # instead of c/d";
  EXPECT_EQ(matches("a/b"), 1U);
  EXPECT_EQ(matches("a/b/c/d"), 3U);
  EXPECT_EQ(matches("a/b/x/y"), 2U);
  EXPECT_EQ(matches("a/b/x/y/z"), 1U);
  EXPECT_EQ(matches("a/z/c/d"), 1U);
  for (const char* filter : {"a/b/x", "b/x/y", "a/+/c", "a/b/c", "+/b/x/y/z", "a/+/c/d/e"})
    EXPECT_FALSE(remove(filter)) << filter;
  EXPECT_TRUE(remove("a/b/c/d"));
  EXPECT_EQ(matches("a/b/c/d"), 2U);
  EXPECT_TRUE(remove("a/+/c/d", 6));
  EXPECT_TRUE(remove("a/b/c/d/#", 7));
  EXPECT_TRUE(remove("a/b/x/y", 2));
  EXPECT_TRUE(remove("+/b/x/y", 5));
  EXPECT_TRUE(remove("a/b/x/y/z", 4));
  EXPECT_TRUE(remove("a/b", 3));
  EXPECT_EQ(trie.node_count(), 0U);
}

TEST_F(TopicTrie, MovesManySubscribersDownWithTheirTail) {
  for (std::uint32_t i = 0; i < 100; ++i) add("a/b/c", i);
  add("a/b/d", 100);
  ASSERT_EQ(matches("a/b/c"), 1U);
  EXPECT_EQ(sets.front()->size(), 100U);
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(remove("a/b/c", i));
  EXPECT_EQ(matches("a/b/c"), 0U);
  EXPECT_EQ(matches("a/b/d"), 1U);
}

TEST_F(TopicTrie, TellsEmptyLevelsInATailApart) {
  const char* const filters[] = {"/", "//", "a/", "a//", "/a", "a//b"};
  std::uint32_t id = 0;
  for (const char* filter : filters) add(filter, ++id);
  for (const char* filter : filters) EXPECT_EQ(matches(filter), 1U) << filter;
  for (const char* topic : {"a", "///", "a///", "a/b", "/a/", "a//b/"})
    EXPECT_EQ(matches(topic), 0U) << topic;
  id = 0;
  for (const char* filter : filters) EXPECT_TRUE(remove(filter, ++id)) << filter;
  EXPECT_EQ(trie.node_count(), 0U);
}

TEST_F(TopicTrie, UnrollsALongTailInOnePass) {
  const std::string slashes(65'535, '/');
  add(slashes, 1);
  EXPECT_EQ(trie.node_count(), 1U);
  add(slashes.substr(1) + "x", 2);
  EXPECT_EQ(matches(slashes), 1U);
  EXPECT_EQ(matches(slashes.substr(1) + "x"), 1U);
  EXPECT_EQ(matches(slashes.substr(1)), 0U);
  EXPECT_TRUE(remove(slashes, 1));
  EXPECT_TRUE(remove(slashes.substr(1) + "x", 2));
  EXPECT_EQ(trie.node_count(), 0U);
}

TEST_F(TopicTrie, FindsOneOfManyChildren) {
  // So many that some of the absent levels below share their 32-bit hash with a present one.
  constexpr std::uint32_t children = 100'000;
  for (std::uint32_t i = 0; i < children; ++i) add("s/" + std::to_string(i), i);
  EXPECT_EQ(matches("s/" + std::to_string(children - 1)), 1U);
  for (std::uint32_t i = children; i < 4 * children; ++i) {
    ASSERT_EQ(matches("s/" + std::to_string(i)), 0U);
  }
  for (std::uint32_t i = 0; i < children; ++i) EXPECT_TRUE(remove("s/" + std::to_string(i), i));
  EXPECT_EQ(trie.node_count(), 0U);
}

}  // namespace
}  // namespace godwit::routing
