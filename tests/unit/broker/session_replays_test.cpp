#include "session_replays.hpp"

#include <gtest/gtest.h>

namespace godwit::broker {
namespace {

TEST(LivePasses, TellTheNewestVersionSinceAMoment) {
  live_passes p;
  const auto before = p.moment();
  EXPECT_EQ(p.newest_since(before, "t"), std::nullopt);
  p.note("t", 7);
  const auto between = p.moment();
  EXPECT_EQ(p.newest_since(before, "t"), 7U);
  EXPECT_EQ(p.newest_since(between, "t"), std::nullopt) << "passed earlier";
  EXPECT_EQ(p.newest_since(before, "another"), std::nullopt);
  p.note("t", 9);
  EXPECT_EQ(p.newest_since(before, "t"), 9U);
  EXPECT_EQ(p.newest_since(between, "t"), 9U);
}

TEST(LivePasses, KeepANewerVersionInFrontOfAnOlderOne) {
  live_passes p;
  const auto before = p.moment();
  p.note("t", 9);
  const auto between = p.moment();
  p.note("t", 7);
  EXPECT_EQ(p.newest_since(before, "t"), 9U);
  EXPECT_EQ(p.newest_since(between, "t"), 7U) << "the newer one came before";
  p.note("t", 8);
  EXPECT_EQ(p.newest_since(before, "t"), 9U);
  EXPECT_EQ(p.newest_since(between, "t"), 8U);
  p.note("t", 9);
  EXPECT_EQ(p.newest_since(between, "t"), 9U);
}

}  // namespace
}  // namespace godwit::broker
