#include "recovered.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::store {
namespace {

using ::testing::ElementsAre;
using mode = memory_store::mode;

template <class... Records>
batch records(Records&&... r) {
  batch b;
  (b.emplace_back(std::forward<Records>(r)), ...);
  return b;
}

TEST(MemoryStore, IsDurableAtOnceInImmediateMode) {
  memory_store s{mode::immediate};
  const ticket t = s.submit(records(opened(1)));
  EXPECT_EQ(s.durable(), t);
  EXPECT_EQ(s.waiting(), 0U);
}

TEST(MemoryStore, MakesBatchesDurableInOrderInManualMode) {
  memory_store s{mode::manual};
  int announced = 0;
  s.on_news([&] { ++announced; });
  const ticket first = s.submit(records(opened(1, "a")));
  const ticket second = s.submit(records(opened(2, "b")));
  EXPECT_LT(first, second);
  EXPECT_LT(s.durable(), first);
  EXPECT_EQ(s.count().sessions, 0U);
  EXPECT_EQ(announced, 0);
  s.commit(1);
  EXPECT_EQ(s.durable(), first);
  EXPECT_EQ(s.count().sessions, 1U);
  EXPECT_EQ(announced, 1);
  s.commit(5);
  EXPECT_EQ(s.durable(), second);
  EXPECT_EQ(announced, 2);
  s.commit(1);
  EXPECT_EQ(announced, 2);
}

TEST(MemoryStore, LosesInACrashExactlyWhatIsNotDurable) {
  memory_store s{mode::manual};
  std::ignore = s.submit(records(opened(1, "a"), entry(1, 1, 11)));
  std::ignore = s.submit(records(entry(1, 2, 12)));
  const ticket lost = s.submit(records(entry(1, 3, 13), removal(1, 1)));
  s.commit(2);
  s.crash();
  EXPECT_EQ(s.waiting(), 0U);
  EXPECT_THAT(numbers(recovered{s}.sessions.at(0)), ElementsAre(11, 12));
  // Tickets go on above the lost one, so nobody takes the one for the other.
  EXPECT_GT(s.submit(records(entry(1, 3, 14))), lost);
  EXPECT_LT(s.durable(), lost);
}

}  // namespace
}  // namespace godwit::store
