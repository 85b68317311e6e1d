#include "daemon/memory_watch.hpp"

#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

TEST(MemoryWatch, AsksForWhatIsFreeWhenItIsMuch) {
  constexpr std::uint64_t mib = 1U << 20U;
  EXPECT_TRUE(is_worth_giving_back(31 * mib, 75 * mib, 0));
  EXPECT_FALSE(is_worth_giving_back(7 * mib, 15 * mib, 0)) << "it is little";
  EXPECT_FALSE(is_worth_giving_back(31 * mib, 400 * mib, 0)) << "it is a small part";
  EXPECT_FALSE(is_worth_giving_back(31 * mib, 75 * mib, 25 * mib)) << "that is not given back";
  EXPECT_FALSE(is_worth_giving_back(900 * mib, 1'500 * mib, 0)) << "shards would wait too long";
}

}  // namespace
}  // namespace godwit::daemon
