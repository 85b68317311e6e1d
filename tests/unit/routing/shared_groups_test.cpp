#include "support/clause.hpp"

#include <godwit/base/random.hpp>
#include <godwit/routing/shared_groups.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace godwit::routing {
namespace {

group_member member(std::uint32_t id, std::uint32_t epoch = 1) {
  return {shard_id{static_cast<std::uint8_t>(id % 4)}, subscriber_id{id}, epoch};
}

class shared_groups_fixture : public ::testing::Test {
 protected:
  group_id join(std::uint32_t id) { return groups.join("g", "a/#", member(id), {}).group; }
  std::uint32_t pick(group_id group) {
    const auto choice = groups.pick(group);
    EXPECT_TRUE(choice.has_value());
    return choice ? choice->member.subscriber.value() : 0;
  }

  shared_groups groups;
};

using SharedGroups = shared_groups_fixture;

TEST_F(SharedGroups, LivesFromTheFirstMemberToTheLast) {
  const auto first = groups.join("g", "a/#", member(1), {});
  EXPECT_TRUE(first.first_member);
  const auto second = groups.join("g", "a/#", member(2), {});
  EXPECT_FALSE(second.first_member);
  EXPECT_EQ(second.group, first.group);
  EXPECT_EQ(groups.name(first.group), "g");
  EXPECT_EQ(groups.filter(first.group), "a/#");
  EXPECT_EQ(groups.member_count(), 2U);

  EXPECT_FALSE(groups.leave("g", "a/#", member(1))->last_member);
  const auto last = groups.leave("g", "a/#", member(2));
  ASSERT_TRUE(last.has_value());
  EXPECT_TRUE(last->last_member);
  EXPECT_EQ(last->group, first.group);
  EXPECT_EQ(groups.filter(first.group), "");
  EXPECT_FALSE(groups.pick(first.group).has_value());
  EXPECT_EQ(groups.size(), 0U);
  EXPECT_EQ(groups.member_count(), 0U);
}

TEST_F(SharedGroups, NameAndFilterTogetherMakeAGroup) {
  const group_id a = groups.join("g", "a", member(1), {}).group;
  const group_id b = groups.join("g", "b", member(1), {}).group;
  const group_id c = groups.join("h", "a", member(1), {}).group;
  const group_id d = groups.join("g", "a/b", member(1), {}).group;
  EXPECT_EQ((std::set<group_id>{a, b, c, d}).size(), 4U);
  EXPECT_EQ(groups.find("g", "b"), b);
  EXPECT_EQ(groups.find("h", "b"), std::nullopt);
}

TEST_F(SharedGroups, ANumberIsNotUsedAgainForTheNextGroup) {
  const group_id before = join(1);
  groups.leave("g", "a/#", member(1));
  EXPECT_NE(join(1), before);
}

TEST_F(SharedGroups, LeavingComparesTheWholeMember) {
  join(1);
  EXPECT_FALSE(groups.leave("g", "a/#", member(1, 2)).has_value());
  EXPECT_FALSE(groups.leave("g", "a", member(1)).has_value());
  EXPECT_FALSE(groups.leave("x", "a/#", member(1)).has_value());
  EXPECT_TRUE(groups.leave("g", "a/#", member(1)).has_value());
}

TEST_F(SharedGroups, JoiningAgainReplacesTheOptions) {
  const group_id group = join(1);
  const auto again = groups.join("g", "a/#", member(1), {.quality = mqtt::qos::exactly_once});
  EXPECT_TRUE(again.replaced);
  EXPECT_FALSE(again.first_member);
  EXPECT_EQ(groups.member_count(), 1U);
  EXPECT_EQ(groups.pick(group)->options.quality, mqtt::qos::exactly_once);
}

TEST_F(SharedGroups, EachMemberHasItsTurn) {
  group_id group{};
  for (std::uint32_t id = 1; id <= 5; ++id) group = join(id);
  std::map<std::uint32_t, int> turns;
  for (int i = 0; i < 500; ++i) ++turns[pick(group)];
  for (std::uint32_t id = 1; id <= 5; ++id) EXPECT_EQ(turns[id], 100) << id;
}

TEST_F(SharedGroups, ConnectedMembersGoFirst) {
  group_id group{};
  for (std::uint32_t id = 1; id <= 4; ++id) group = join(id);
  for (const std::uint32_t id : {1U, 2U, 4U}) groups.set_connected("g", "a/#", member(id), false);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pick(group), 3U);
  groups.set_connected("g", "a/#", member(1), true);
  std::map<std::uint32_t, int> turns;
  for (int i = 0; i < 100; ++i) ++turns[pick(group)];
  EXPECT_EQ(turns, (std::map<std::uint32_t, int>{{1, 50}, {3, 50}}));
}

TEST_F(SharedGroups, OfflineMembersTakeTurnsWhenNobodyIsConnected) {
  group_id group{};
  for (std::uint32_t id = 1; id <= 3; ++id) group = join(id);
  for (std::uint32_t id = 1; id <= 3; ++id) groups.set_connected("g", "a/#", member(id), false);
  std::map<std::uint32_t, int> turns;
  for (int i = 0; i < 90; ++i) ++turns[pick(group)];
  EXPECT_EQ(turns, (std::map<std::uint32_t, int>{{1, 30}, {2, 30}, {3, 30}}));
}

TEST_F(SharedGroups, PassesOverAMemberThatCouldNotTakeIt) {
  group_id group = join(1);
  EXPECT_EQ(groups.pick(group, member(1))->member, member(1)) << "there is no other";
  join(2);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(groups.pick(group, member(1))->member, member(2));
  groups.set_connected("g", "a/#", member(2), false);
  EXPECT_EQ(groups.pick(group, member(1))->member, member(1)) << "the other one is absent, too";
  EXPECT_EQ(groups.pick(group, member(9))->member, member(1)) << "a stranger excludes nobody";
}

TEST_F(SharedGroups, IgnoresTheConnectionsOfStrangers) {
  const group_id group = join(1);
  groups.set_connected("g", "a/#", member(1, 7), false);
  groups.set_connected("nobody", "a/#", member(1), false);
  join(2);
  groups.set_connected("g", "a/#", member(2), false);
  EXPECT_EQ(pick(group), 1U);
}

TEST_F(SharedGroups, AgreesWithASetOfMembers) {
  constexpr std::uint64_t seed = 99;
  SCOPED_TRACE(seed);
  base::prng random{seed};
  std::map<std::uint32_t, bool> model;  // member, connected
  for (int step = 0; step < 20'000; ++step) {
    const auto id = static_cast<std::uint32_t>(random.below(20));
    switch (random.below(4)) {
      case 0:
        ASSERT_EQ(groups.join("g", "a/#", member(id), {}).replaced, model.contains(id));
        model.emplace(id, true);
        break;
      case 1:
        ASSERT_EQ(groups.leave("g", "a/#", member(id)).has_value(), model.erase(id) == 1);
        break;
      default: {
        const bool connected = random.chance(1, 2);
        groups.set_connected("g", "a/#", member(id), connected);
        if (const auto known = model.find(id); known != model.end()) known->second = connected;
      }
    }
    ASSERT_EQ(groups.member_count(), model.size());
    const std::optional<group_id> group = groups.find("g", "a/#");
    ASSERT_EQ(group.has_value(), !model.empty());
    if (!group) continue;
    const group_member except = member(static_cast<std::uint32_t>(random.below(20)));
    const auto choice = groups.pick(*group, except);
    ASSERT_TRUE(choice.has_value());
    const std::uint32_t chosen = choice->member.subscriber.value();
    ASSERT_TRUE(model.contains(chosen));
    const bool is_given_back = model.contains(except.subscriber.value());
    if (choice->member == except || !model[chosen]) {
      ASSERT_EQ(is_given_back, choice->member == except);
      for (const auto& [other, connected] : model) {
        ASSERT_TRUE(!connected || member(other) == except) << other << " was connected";
      }
    }
  }
}

TEST(SharedGroupsByLoad, PickWhoHasTheLeastOnItsWay) {
  shared_groups groups{selection::least_loaded};
  const group_id group = groups.join("g", "a", member(1), {}).group;
  groups.join("g", "a", member(2), {});
  groups.join("g", "a", member(3), {});
  groups.set_load("g", "a", member(1), 5);
  groups.set_load("g", "a", member(3), 2);
  std::map<std::uint32_t, int> picked;
  for (int i = 0; i < 8; ++i) ++picked[groups.pick(group)->member.subscriber.value()];
  EXPECT_EQ(picked[1], 0);  // the others come to five first
  EXPECT_EQ(picked[2], 5);
  EXPECT_EQ(picked[3], 3);
  groups.set_load("g", "a", member(1), 0);
  EXPECT_EQ(groups.pick(group)->member, member(1));
  groups.set_load("g", "b", member(1), 100);  // no such group
  EXPECT_EQ(groups.pick(group)->member, member(1));
  EXPECT_NE(groups.pick(group, member(1))->member, member(1));
}

TEST(SharedGroupsByLoad, TakeTurnsAmongEquals) {
  shared_groups groups{selection::least_loaded};
  const group_id group = groups.join("g", "a", member(1), {}).group;
  for (std::uint32_t id = 2; id <= 40; ++id) groups.join("g", "a", member(id), {});
  std::set<std::uint32_t> picked;
  for (int i = 0; i < 40; ++i) picked.insert(groups.pick(group)->member.subscriber.value());
  EXPECT_EQ(picked.size(), 40U);
}

}  // namespace
}  // namespace godwit::routing
