#include <godwit/base/work_list.hpp>

namespace godwit::base {
namespace {

TEST(WorkList, GivesEachItemOnceInOrder) {
  work_list<int> list;
  EXPECT_TRUE(list.empty());
  for (const int i : {3, 1, 2}) list.add(i);
  std::vector<int> seen;
  list.take_each([&](int i) { seen.push_back(i); });
  list.take_each([&](int i) { seen.push_back(i); });
  EXPECT_EQ(seen, (std::vector<int>{3, 1, 2}));
}

TEST(WorkList, WhatIsAddedMeanwhileWaitsForTheNextRound) {
  work_list<int> list;
  list.add(1);
  int rounds = 0;
  for (; !list.empty(); ++rounds) {
    list.take_each([&](int i) {
      if (i < 4) list.add(i + 1);
    });
  }
  EXPECT_EQ(rounds, 4);
}

TEST(WorkList, WhatIsLeftComesBeforeWhatIsAdded) {
  work_list<int> list;
  for (const int i : {1, 2, 3}) list.add(i);
  int left = 1;
  std::vector<int> seen;
  const auto take = [&] {
    list.take_while([&] { return left != 0; },
                    [&](int i) {
                      --left;
                      seen.push_back(i);
                      list.add(i);
                    });
  };
  take();
  left = 4;
  take();
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3, 1})) << "each once in a call";
  EXPECT_FALSE(list.empty());
}

}  // namespace
}  // namespace godwit::base
