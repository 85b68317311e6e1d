#include <godwit/config/differences.hpp>
#include <godwit/config/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RenderEffective, LoadsToTheSameConfiguration) {
  const loaded first = load_text(
      "listeners:\n  - {name: a, bind: \"::1\", port: 5}\nshards: 3\nconnections_max: 77\n"
      "session: { queue: { overflow: disconnect, age_max: 90s }, owner_check: false }\n"
      "protocol: { mqtt31: { retry: { first: 1500ms, factor: 2.25 } } }\n"
      "log: { destination: \"/tmp/a b#c: \\\"d\\\".log\" }\n");
  ASSERT_THAT(first.mistakes, IsEmpty());
  const loaded second = load_text(render_effective(first));
  EXPECT_THAT(second.mistakes, IsEmpty());
  EXPECT_THAT(differences(first.value, second.value), IsEmpty());
  EXPECT_EQ(second.value.log.file, "/tmp/a b#c: \"d\".log");
}

TEST(RenderEffective, SaysWhereEachValueComesFrom) {
  const std::string text =
      render_effective(load_text("shards: 2\nlog:\n  level: warn\n", "f.yaml"));
  EXPECT_THAT(text, HasSubstr("shards: 2  # f.yaml:1\n"));
  EXPECT_THAT(text, HasSubstr("  level: warn  # f.yaml:3\n"));
  EXPECT_THAT(text, HasSubstr("  format: text  # default\n"));
}

TEST(Differences, NameKeyAndBothValues) {
  const auto before = load_text("shards: 2\n").value;
  const auto after = load_text("shards: 4\nlisteners: [{port: 7}]\n").value;
  const auto found = differences(before, after);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].key, "listeners[default].port");
  EXPECT_EQ(found[0].before, "1883");
  EXPECT_EQ(found[0].after, "7");
  EXPECT_EQ(found[1].key, "listeners[default6]");
  EXPECT_EQ(found[1].after, "none");
  EXPECT_EQ(found[2].key, "shards");
  EXPECT_EQ(found[2].before, "2");
  EXPECT_EQ(found[2].after, "4");
}

}  // namespace
}  // namespace godwit::config
