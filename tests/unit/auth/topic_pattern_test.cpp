#include <godwit/auth/topic_pattern.hpp>

#include <gtest/gtest.h>

namespace godwit::auth {
namespace {

using unusable = topic_pattern::unusable;
using placeholders = topic_pattern::placeholders;

topic_pattern pattern(std::string_view text, placeholders how = placeholders::substituted) {
  auto parsed = topic_pattern::parse(text, how);
  EXPECT_TRUE(parsed.has_value()) << text;
  return *std::move(parsed);
}

bool matches(std::string_view text, std::string_view topic, const pattern_names& names = {},
             unusable how = unusable::fits_nothing) {
  return pattern(text).matches(topic, names, how);
}

bool covers(std::string_view text, std::string_view filter) {
  return pattern(text).covers(filter, {}, unusable::fits_nothing);
}

TEST(TopicPattern, MatchesTopicsLikeAFilter) {
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "a/b/c"));
  EXPECT_FALSE(matches("a/b/c", "a/b"));
  EXPECT_TRUE(matches("a/+/c", "a//c"));
  EXPECT_TRUE(matches("a/#", "a"));
  EXPECT_TRUE(matches("a/#", "a/b/c"));
  EXPECT_FALSE(matches("a/#", "ab"));
  EXPECT_TRUE(matches("#", "a"));
  EXPECT_FALSE(matches("#", "$SYS/x"));
  EXPECT_FALSE(matches("+/x", "$SYS/x"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/x"));
  EXPECT_TRUE(matches("a/+", "a/$SYS"));
}

TEST(TopicPattern, CoversAFilterIfItMatchesAllThatTheFilterMatches) {
  EXPECT_TRUE(covers("a/#", "a/#"));
  EXPECT_TRUE(covers("a/#", "a/+/b"));
  EXPECT_TRUE(covers("a/#", "a"));
  EXPECT_TRUE(covers("a/+", "a/+"));
  EXPECT_TRUE(covers("#", "#"));
  EXPECT_TRUE(covers("#", "+/#"));
  EXPECT_TRUE(covers("+/#", "#"));
  EXPECT_FALSE(covers("+/+/#", "#"));
  EXPECT_FALSE(covers("a/+", "a/#"));
  EXPECT_FALSE(covers("a/+/#", "a/#"));  // not "a" itself
  EXPECT_FALSE(covers("a/b", "a/+"));
  EXPECT_FALSE(covers("+", "#"));
  EXPECT_FALSE(covers("#", "$SYS/#"));
  EXPECT_TRUE(covers("$SYS/#", "$SYS/+"));
}

TEST(TopicPattern, PutsNamesInAsTheyAre) {
  const pattern_names ann{"ann", "phone-1"};
  EXPECT_TRUE(matches("u/%u/#", "u/ann/x", ann));
  EXPECT_FALSE(matches("u/%u/#", "u/bob/x", ann));
  EXPECT_TRUE(matches("%c-%u/x", "phone-1-ann/x", ann));
  EXPECT_FALSE(matches("%c-%u/x", "phone-1-annx/x", ann));
  EXPECT_TRUE(matches("100%/%x", "100%/%x", ann));
  EXPECT_TRUE(pattern("a/%u", placeholders::literal).matches("a/%u", ann, unusable::fits_nothing));
  EXPECT_TRUE(pattern("u/%u/#").covers("u/ann/+", ann, unusable::fits_nothing));
  EXPECT_FALSE(pattern("u/%u/#").covers("u/+/x", ann, unusable::fits_nothing));
}

// Battery 74 and 75: a name is never a pattern.
TEST(TopicPattern, NamesThatCouldBePatternsFitNothingOrEverything) {
  for (const std::string& name : {std::string{"#"}, std::string{"+"}, std::string{"a/b"},
                                  std::string{}, std::string{"a\0b", 3}, std::string{"$SYS"}}) {
    const pattern_names names{name, "c"};
    EXPECT_FALSE(matches("u/%u", "u/ann", names)) << name;
    EXPECT_FALSE(matches("u/%u", "u/" + name, names)) << name;
    EXPECT_FALSE(matches("u/x%u", "u/xann", names)) << name;
    EXPECT_TRUE(matches("u/%u", "u/ann", names, unusable::fits_everything)) << name;
    EXPECT_FALSE(matches("u/%u", "v/ann", names, unusable::fits_everything)) << name;
  }
  EXPECT_TRUE(matches("u/%u", "u/.*|x", {".*|x", ""}));
  EXPECT_FALSE(matches("u/%u", "u/secret", {".*|x", ""}));
}

TEST(TopicPattern, RefusesWhatIsNoFilter) {
  for (const char* wrong : {"", "a#", "a/#/b", "a+/b", "\xC3\x28"}) {
    EXPECT_FALSE(topic_pattern::parse(wrong, placeholders::substituted)) << wrong;
  }
}

}  // namespace
}  // namespace godwit::auth
