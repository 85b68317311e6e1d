#include "routing/level_text.hpp"
#include "routing/topic_hash.hpp"
#include "routing/topic_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::routing {
namespace {

TEST(LevelText, KeepsShortAndLongLevels) {
  level_text text;
  EXPECT_EQ(text.view(), "");
  for (const std::size_t size : {1U, 14U, 15U, 16U, 127U, 255U, 65'535U, 3U, 0U}) {
    const std::string level(size, 'x');
    text.assign(level);
    EXPECT_EQ(text.view(), level);
    EXPECT_EQ(text.memory_size(), size > 15 ? size : 0U);
  }
}

TEST(TopicHash, SeesEveryByteAndTheLength) {
  for (std::size_t size = 1; size < 70; ++size) {
    const std::string text(size, 'a');
    EXPECT_NE(topic_hash::of(text, 1), topic_hash::of(text + 'a', 1));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = 'b';
      EXPECT_NE(topic_hash::of(text, 1), topic_hash::of(other, 1)) << size << ' ' << at;
    }
  }
}

TEST(TopicHash, DependsOnTheSeed) {
  for (const char* text : {"", "a", "abcd", "abcdefgh", "abcdefghijklmnopq"}) {
    EXPECT_NE(topic_hash::of(text, 1), topic_hash::of(text, 2)) << text;
  }
}

TEST(TopicHash, SpreadsSimilarTopicsEvenly) {
  // 65,536 topics into as many buckets: 1/e of the buckets should stay empty.
  std::vector<bool> used(65'536);
  for (int i = 0; i < 65'536; ++i) {
    used[topic_hash::fold(topic_hash::of("site/" + std::to_string(i) + "/v", 9)) % 65'536] = true;
  }
  const auto empty = std::count(used.begin(), used.end(), false);
  EXPECT_NEAR(static_cast<double>(empty), 65'536 / 2.71828, 600);
}

TEST(LevelReader, GivesEmptyLevelsToo) {
  std::vector<std::string_view> levels;
  for (level_reader reader{"/a//"}; reader.more();) levels.push_back(reader.next());
  EXPECT_THAT(levels, ::testing::ElementsAre("", "a", "", ""));
}

TEST(TopicOrder, PutsTheTopicsBelowATopicRightBehindIt) {
  const std::vector<std::string> sorted = {
      "a", "a/", "a/b", "a/b/c", "a/zz", std::string{"a\0", 2}, "a\x01", "a!", "a.", "a0", "b"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(topic_order::less(sorted[i], sorted[j]), i < j) << sorted[i] << ' ' << sorted[j];
    }
  }
}

}  // namespace
}  // namespace godwit::routing
