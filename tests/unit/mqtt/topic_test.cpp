#include "support/clause.hpp"
#include "support/naive_topics.hpp"
#include "support/random_source.hpp"

#include <godwit/mqtt/topic.hpp>

#include <gtest/gtest.h>

namespace godwit::mqtt {
namespace {

bool filter_ok(std::string_view filter) {
  return check_topic_filter(filter).has_value();
}

TEST(Topic, NameHasAtLeastOneCharacter) {
  clause("v311 MQTT-4.7.3-1");
  clause("v5 MQTT-4.7.3-1");
  clause("v31 M31-topic-1");
  EXPECT_EQ(check_topic_name("").error().code, reason_code::topic_name_invalid);
  EXPECT_EQ(check_topic_filter("").error().code, reason_code::topic_filter_invalid);
  for (const char* name : {"/", "a", "a//b", "/a/", " ", "$SYS/x"}) {
    EXPECT_TRUE(check_topic_name(name).has_value()) << name;
  }
}

TEST(Topic, NameHasNoWildcards) {
  clause("v311 MQTT-4.7.1-1");
  clause("v311 MQTT-3.3.2-2");
  clause("v5 MQTT-4.7.0-1");
  for (const char* name : {"#", "+", "a/#", "a/+/b", "a+b", "a#", "abcdefghijklmnop+q"}) {
    EXPECT_EQ(check_topic_name(name).error().code, reason_code::topic_name_invalid) << name;
  }
}

TEST(Topic, NamesAndFiltersHaveAtMost65535Bytes) {
  clause("v311 MQTT-4.7.3-3");
  clause("v5 MQTT-4.7.3-3");
  clause("v31 M31-topic-2");
  const std::string longest(65'535, 't');
  EXPECT_TRUE(check_topic_name(longest).has_value());
  EXPECT_TRUE(filter_ok(longest));
  EXPECT_FALSE(check_topic_name(longest + "t").has_value());
  EXPECT_FALSE(filter_ok(longest + "t"));
}

TEST(Topic, HashIsTheWholeLastLevel) {
  clause("v311 MQTT-4.7.1-2");
  clause("v5 MQTT-4.7.1-1");
  clause("v31 M31-topic-3");
  for (const char* good : {"#", "a/#", "/#", "+/#", "a/b/c/#"})
    EXPECT_TRUE(filter_ok(good)) << good;
  for (const char* bad : {"a#", "a/#/b", "#/a", "##", "#a", "a/b#", "+#", "#/", "a/##"}) {
    EXPECT_FALSE(filter_ok(bad)) << bad;
  }
}

TEST(Topic, PlusIsAWholeLevel) {
  clause("v311 MQTT-4.7.1-3");
  clause("v5 MQTT-4.7.1-2");
  clause("v31 M31-topic-4");
  for (const char* good : {"+", "+/a", "a/+/b", "/+", "+/+", "a/+", "+/"}) {
    EXPECT_TRUE(filter_ok(good)) << good;
  }
  for (const char* bad : {"a+", "+a", "a/+b", "++", "a/b+/c", "+#"}) {
    EXPECT_FALSE(filter_ok(bad)) << bad;
  }
}

TEST(Topic, FiltersAgreeWithANaiveCheck) {
  constexpr std::uint64_t seed = 7;
  SCOPED_TRACE(seed);
  test::random_source random{seed};
  for (int round = 0; round < 100'000; ++round) {
    std::string filter(random.below(9), ' ');
    for (char& c : filter) c = "a/+#$"[random.below(5)];
    ASSERT_EQ(filter_ok(filter), test::naive_filter_ok(filter)) << filter;
  }
}

TEST(Topic, MatchesLevelByLevel) {
  clause("v311 MQTT-3.3.2-3");
  clause("v5 MQTT-3.3.2-3");
  clause("v31 M31-topic-5");
  EXPECT_TRUE(topic_matches("a/b", "a/b"));
  EXPECT_FALSE(topic_matches("a/b", "a/B"));
  EXPECT_FALSE(topic_matches("a/b", "a/b/"));
  EXPECT_FALSE(topic_matches("a/b", "a"));
  EXPECT_TRUE(topic_matches("a/#", "a"));
  EXPECT_TRUE(topic_matches("a/#", "a/"));
  EXPECT_TRUE(topic_matches("a/#", "a/b/c"));
  EXPECT_FALSE(topic_matches("a/#", "ab"));
  EXPECT_TRUE(topic_matches("+/+", "/finance"));
  EXPECT_TRUE(topic_matches("/+", "/finance"));
  EXPECT_FALSE(topic_matches("+", "/finance"));
  EXPECT_TRUE(topic_matches("a/+", "a/"));
  EXPECT_FALSE(topic_matches("a/+", "a"));
  EXPECT_TRUE(topic_matches("+/#", "a"));
  EXPECT_TRUE(topic_matches("a/+/c", "a/b/c"));
}

TEST(Topic, FirstLevelWildcardsDoNotMatchDollarTopics) {
  clause("v311 MQTT-4.7.2-1");
  clause("v5 MQTT-4.7.2-1");
  clause("v31 M31-topic-7");
  EXPECT_FALSE(topic_matches("#", "$SYS/x"));
  EXPECT_FALSE(topic_matches("+/x", "$SYS/x"));
  EXPECT_FALSE(topic_matches("+", "$"));
  EXPECT_TRUE(topic_matches("$SYS/#", "$SYS/x"));
  EXPECT_TRUE(topic_matches("$SYS/+", "$SYS/x"));
  EXPECT_TRUE(topic_matches("a/+", "a/$x"));
  EXPECT_TRUE(topic_matches("#", "a/$x"));
}

TEST(Topic, MatchesBytesWithoutNormalisation) {
  clause("v311 MQTT-4.7.3-4");
  clause("v5 MQTT-4.7.3-4");
  EXPECT_FALSE(topic_matches("caf\xC3\xA9", "cafe\xCC\x81"));
  EXPECT_TRUE(topic_matches("caf\xC3\xA9", "caf\xC3\xA9"));
  EXPECT_FALSE(topic_matches(" a", "a"));
}

TEST(Topic, MatchingAgreesWithANaiveMatcher) {
  constexpr std::uint64_t seed = 11;
  SCOPED_TRACE(seed);
  test::random_source random{seed};
  int matches = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string filter(1 + random.below(8), ' ');
    for (char& c : filter) c = "ab//++#$"[random.below(8)];
    if (!filter_ok(filter)) continue;
    std::string topic(1 + random.below(7), ' ');
    for (char& c : topic) c = "ab//$"[random.below(5)];
    const bool expected = test::naive_matches(filter, topic);
    ASSERT_EQ(topic_matches(filter, topic), expected) << filter << "  " << topic;
    matches += static_cast<int>(expected);
  }
  EXPECT_GT(matches, 1000);
}

TEST(Topic, TakesSharedFiltersApart) {
  clause("v5 MQTT-4.8.2-1");
  clause("v5 MQTT-4.8.2-2");
  const auto shared = parse_topic_filter("$share/group/a/+/#").value();
  EXPECT_EQ(shared.group, "group");
  EXPECT_EQ(shared.filter, "a/+/#");
  const auto plain = parse_topic_filter("a/b").value();
  EXPECT_EQ(plain.group, "");
  EXPECT_EQ(plain.filter, "a/b");
  EXPECT_EQ(parse_topic_filter("$share").value().filter, "$share");
  EXPECT_EQ(parse_topic_filter("$share/g//").value().filter, "/");
  EXPECT_EQ(parse_topic_filter("$shared/g/a").value().filter, "$shared/g/a");
  for (const char* bad : {"$share/", "$share/ab", "$share//t", "$share/a+/t", "$share/#/t",
                          "$share/g/", "$share/g/a#", "$share/g/#/a", "$share/g#", "$share//"}) {
    const auto parsed = parse_topic_filter(bad);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_EQ(parsed.error().code, reason_code::topic_filter_invalid);
  }
}

TEST(Topic, CountsLevels) {
  EXPECT_EQ(topic_levels("a"), 1U);
  EXPECT_EQ(topic_levels("/"), 2U);
  EXPECT_EQ(topic_levels("a/b/c"), 3U);
  EXPECT_EQ(topic_levels(std::string(65'535, '/')), 65'536U);
  EXPECT_TRUE(has_wildcard("a/+"));
  EXPECT_FALSE(has_wildcard("a/b"));
}

// Deep topics cost no stack and no more than one pass.
TEST(Topic, MatchesTheDeepestTopic) {
  const std::string topic(65'535, '/');
  std::string filter;
  while (filter.size() + 2 < 65'535) filter += "+/";
  filter += '#';
  EXPECT_TRUE(topic_matches(filter, topic));
  EXPECT_TRUE(topic_matches(topic, topic));
}

}  // namespace
}  // namespace godwit::mqtt
