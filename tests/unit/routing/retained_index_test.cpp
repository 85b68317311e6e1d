#include "messages.hpp"
#include "support/clause.hpp"

#include <godwit/routing/retained_index.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::routing {
namespace {

using outcome = retained_index::outcome;
using test::retained;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::size_t unlimited = ~std::size_t{0};

std::vector<std::string> topics(const retained_index::page& page) {
  std::vector<std::string> result;
  for (const auto& m : page.messages) result.emplace_back(m->topic());
  return result;
}

class retained_index_fixture : public ::testing::Test {
 protected:
  void keep(std::initializer_list<const char*> names) {
    for (const char* name : names) index.set(retained(name, ++version));
  }
  std::vector<std::string> matching(std::string_view filter) {
    const retained_index::page page = index.match(filter, std::nullopt, unlimited, unlimited);
    EXPECT_FALSE(page.next.has_value());
    return topics(page);
  }

  retained_index index;
  std::uint64_t version = 0;
};

using RetainedIndex = retained_index_fixture;

TEST_F(RetainedIndex, KeepsTheLastMessageOfATopic) {
  clause("v311 MQTT-3.3.1-5");
  clause("v31 M31-retain-1");
  EXPECT_EQ(index.set(retained("a", 1, "old")), outcome::stored);
  EXPECT_EQ(index.set(retained("a", 2, "new")), outcome::replaced);
  ASSERT_TRUE(index.find("a"));
  EXPECT_EQ(base::as_text(index.find("a")->payload()), "new");
  EXPECT_EQ(index.size(), 1U);
  EXPECT_EQ(index.content_size(), 4U);
  EXPECT_FALSE(index.find("b"));
}

TEST_F(RetainedIndex, AnEmptyPayloadClearsTheTopicAndIsNotKept) {
  clause("v311 MQTT-3.3.1-10");
  clause("v311 MQTT-3.3.1-11");
  clause("v31 M31-retain-4");
  index.set(retained("a", 1));
  EXPECT_EQ(index.set(retained("a", 2, "")), outcome::cleared);
  EXPECT_EQ(index.set(retained("a", 3, "")), outcome::absent);
  EXPECT_FALSE(index.find("a"));
  EXPECT_THAT(matching("#"), IsEmpty());
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.content_size(), 0U);
  EXPECT_EQ(index.node_count(), 0U);
}

TEST_F(RetainedIndex, TheHighestVersionWinsWhateverTheOrder) {
  index.set(retained("a", 5, "five"));
  EXPECT_EQ(index.set(retained("a", 4, "four")), outcome::older);
  EXPECT_EQ(index.set(retained("a", 3, "")), outcome::older);
  EXPECT_EQ(base::as_text(index.find("a")->payload()), "five");
  EXPECT_EQ(index.set(retained("a", 7, "")), outcome::cleared);
  EXPECT_EQ(index.set(retained("a", 6, "six")), outcome::older) << "cleared by a newer one";
  EXPECT_EQ(index.set(retained("a", 8, "eight")), outcome::stored);
  EXPECT_EQ(index.set(retained("b", 10, "")), outcome::absent);
  EXPECT_EQ(index.set(retained("b", 9, "")), outcome::older);
  EXPECT_EQ(index.set(retained("b", 9, "nine")), outcome::older);
}

TEST_F(RetainedIndex, ForgetsClearedTopicsBelowAVersion) {
  index.set(retained("a", 5, ""));
  index.set(retained("b", 6, ""));
  index.forget_cleared_below(6);
  EXPECT_EQ(index.set(retained("a", 1)), outcome::stored);
  EXPECT_EQ(index.set(retained("b", 1)), outcome::older);
  index.forget_cleared_below(7);
  EXPECT_EQ(index.set(retained("b", 1)), outcome::stored);
}

TEST_F(RetainedIndex, EraseRemovesWhateverThereIs) {
  keep({"a", "a/b"});
  EXPECT_TRUE(index.erase("a"));
  EXPECT_FALSE(index.erase("a"));
  EXPECT_THAT(matching("#"), ElementsAre("a/b"));
  EXPECT_EQ(index.set(retained("a", 1)), outcome::stored) << "expiry is not a newer version";
}

TEST_F(RetainedIndex, MatchesLikeASubscription) {
  clause("v311 MQTT-3.3.1-6");
  clause("v311 MQTT-4.7.1-2");
  clause("v311 MQTT-4.7.1-3");
  keep({"a", "a/", "a/b", "a/b/c", "a/c", "aa", "b/b", "/a", "/", "//"});
  EXPECT_THAT(matching("a"), ElementsAre("a"));
  EXPECT_THAT(matching("a/#"), UnorderedElementsAre("a", "a/", "a/b", "a/b/c", "a/c"));
  EXPECT_THAT(matching("a/+"), UnorderedElementsAre("a/", "a/b", "a/c"));
  EXPECT_THAT(matching("+/b"), UnorderedElementsAre("a/b", "b/b"));
  EXPECT_THAT(matching("+"), UnorderedElementsAre("a", "aa"));
  EXPECT_THAT(matching("+/+"), UnorderedElementsAre("a/", "a/b", "a/c", "b/b", "/a", "/"));
  EXPECT_THAT(matching("/+"), UnorderedElementsAre("/a", "/"));
  EXPECT_THAT(matching("+/b/#"), UnorderedElementsAre("a/b", "a/b/c", "b/b"));
  EXPECT_THAT(matching("a/+/c"), ElementsAre("a/b/c"));
  EXPECT_THAT(matching("c/#"), IsEmpty());
  EXPECT_EQ(matching("#").size(), 10U);
}

TEST_F(RetainedIndex, FirstLevelWildcardsDoNotSeeServerTopics) {
  clause("v311 MQTT-4.7.2-1");
  clause("v31 M31-topic-7");
  keep({"$SYS/x", "$a", "$a/x", "!/x", "a/x", "%/x", "a/$x"});
  EXPECT_THAT(matching("#"), UnorderedElementsAre("!/x", "a/x", "%/x", "a/$x"));
  EXPECT_THAT(matching("+/x"), UnorderedElementsAre("!/x", "a/x", "%/x"));
  EXPECT_THAT(matching("$SYS/#"), ElementsAre("$SYS/x"));
  EXPECT_THAT(matching("$a/+"), ElementsAre("$a/x"));
  EXPECT_THAT(matching("a/+"), UnorderedElementsAre("a/x", "a/$x"));
}

TEST_F(RetainedIndex, PagesEndByCountAndByBytes) {
  keep({"a", "b", "c", "d", "e"});
  const auto first = index.match("+", std::nullopt, 2, unlimited);
  EXPECT_THAT(topics(first), ElementsAre("a", "b"));
  const auto second = index.match("+", first.next, 2, unlimited);
  EXPECT_THAT(topics(second), ElementsAre("c", "d"));
  const auto third = index.match("+", second.next, 2, unlimited);
  EXPECT_THAT(topics(third), ElementsAre("e"));
  EXPECT_FALSE(third.next.has_value());
  // Each holds 2 bytes; the page ends once it has reached 3.
  const auto by_bytes = index.match("+", std::nullopt, unlimited, 3);
  EXPECT_THAT(topics(by_bytes), ElementsAre("a", "b"));
  EXPECT_TRUE(by_bytes.next.has_value());
  EXPECT_EQ(index.match("+", std::nullopt, unlimited, 0).messages.size(), 1U) << "at least one";
  EXPECT_EQ(index.match("+", std::nullopt, 0, unlimited).messages.size(), 1U);
}

TEST_F(RetainedIndex, AFullLastPageSaysThatItIsTheLast) {
  keep({"a", "b", "b/x", "c/x"});
  const auto page = index.match("+", std::nullopt, 2, unlimited);
  EXPECT_THAT(topics(page), ElementsAre("a", "b"));
  EXPECT_FALSE(page.next.has_value());
}

TEST_F(RetainedIndex, PagingSurvivesTheRemovalOfTheTopicItStoppedAt) {
  keep({"a", "b", "c"});
  const auto first = index.match("#", std::nullopt, 2, unlimited);
  index.erase("b");
  index.erase("a");
  EXPECT_THAT(topics(index.match("#", first.next, 2, unlimited)), ElementsAre("c"));
}

TEST_F(RetainedIndex, TakesTopicsAndFiltersOfSixtyFiveThousandSlashes) {
  const std::string slashes(65'535, '/');
  std::string pluses;
  while (pluses.size() + 2 < 65'535) pluses += "+/";
  pluses += '#';
  index.set(retained(slashes, 1));
  index.set(retained(std::string(65'534, '/'), 2));
  EXPECT_EQ(matching(slashes).size(), 1U);
  EXPECT_EQ(matching(pluses).size(), 2U);
  EXPECT_EQ(matching("/#").size(), 2U);
  EXPECT_EQ(matching("/+").size(), 0U);
}

TEST_F(RetainedIndex, AWalkThatFindsLittleGoesOnInTheNextPage) {
  // 6000 first levels, of which the last has what the filter asks for.
  for (int i = 1000; i < 7000; ++i) index.set(retained(std::to_string(i) + "/no", ++version));
  index.set(retained("z/yes", ++version));
  retained_index::page page = index.match("+/yes", std::nullopt, 10, unlimited);
  EXPECT_THAT(topics(page), IsEmpty());
  int pages = 1;
  for (; page.next; ++pages) page = index.match("+/yes", page.next, 10, unlimited);
  EXPECT_THAT(topics(page), ElementsAre("z/yes"));
  EXPECT_GE(pages, 3);
  EXPECT_LE(pages, 8);
}

TEST_F(RetainedIndex, ALiteralPrefixSparesTheWalkEverythingElse) {
  for (int i = 0; i < 50'000; ++i) index.set(retained("a/" + std::to_string(i), ++version));
  keep({"b/x/1", "b/y/2"});
  // One page each: the other 50,000 would take several.
  EXPECT_EQ(matching("b/#").size(), 2U);
  EXPECT_EQ(matching("b/+/2").size(), 1U);
  EXPECT_EQ(matching("+/x/1").size(), 1U) << "skips the siblings below 'a'";
}

}  // namespace
}  // namespace godwit::routing
