#include "support/clause.hpp"

#include <godwit/routing/router.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace godwit::routing {
namespace {

using mqtt::qos;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr subscriber_id alice{1};
constexpr subscriber_id bob{2};

class router_fixture : public ::testing::Test {
 protected:
  std::vector<std::uint32_t> subscribers(std::string_view topic) {
    std::vector<std::uint32_t> ids;
    for (const match& m : r.resolve(topic).subscribers) ids.push_back(m.subscriber.value());
    return ids;
  }
  match only(std::string_view topic) {
    const resolution& found = r.resolve(topic);
    EXPECT_EQ(found.subscribers.size(), 1U);
    return found.subscribers.empty() ? match{} : found.subscribers[0];
  }

  interest_table interest{3, 99};
  router r{shard_id{0}, interest, 64};
  router other{shard_id{2}, interest, 64};
};

using Router = router_fixture;

TEST_F(Router, GivesTheSubscribersOfATopic) {
  EXPECT_EQ(r.subscribe("a/+", alice, {.quality = qos::at_least_once}), router::outcome::added);
  EXPECT_EQ(r.subscribe("a/b", bob, {}), router::outcome::added);
  EXPECT_THAT(subscribers("a/b"), UnorderedElementsAre(1, 2));
  EXPECT_THAT(subscribers("a/c"), ElementsAre(1));
  EXPECT_THAT(subscribers("b"), IsEmpty());
  EXPECT_EQ(only("a/c").quality, qos::at_least_once);
}

TEST_F(Router, OverlappingSubscriptionsAreOneWithTheHighestQos) {
  clause("v311 MQTT-3.3.5-1");
  r.subscribe("a/#", alice, {.quality = qos::at_most_once});
  r.subscribe("a/b", alice, {.quality = qos::exactly_once});
  r.subscribe("+/b", alice, {.quality = qos::at_least_once});
  EXPECT_EQ(only("a/b").quality, qos::exactly_once);
  EXPECT_EQ(only("a/c").quality, qos::at_most_once);
}

TEST_F(Router, OverlapKeepsEveryIdentifierAndCombinesTheFlags) {
  r.subscribe("a/#", alice, {.no_local = true, .identifier = 7});
  r.subscribe("a/b", alice, {.no_local = true, .retain_as_published = true, .identifier = 9});
  r.subscribe("+/b", bob, {.identifier = 268'435'455});
  EXPECT_THAT(only("a/x").identifiers, ElementsAre(7));
  r.unsubscribe("+/b", bob);
  const match both = only("a/b");
  EXPECT_THAT(both.identifiers, UnorderedElementsAre(7, 9));
  EXPECT_TRUE(both.no_local);
  EXPECT_TRUE(both.retain_as_published);
  r.subscribe("#", alice, {.identifier = 7});
  const match three = only("a/b");
  EXPECT_FALSE(three.no_local) << "only if all of them ask for it";
  EXPECT_TRUE(three.retain_as_published) << "if any of them asks for it";
  EXPECT_THAT(three.identifiers, UnorderedElementsAre(7, 9, 7));
}

TEST_F(Router, IdentifiersOfSeveralSubscribersDoNotMix) {
  for (std::uint32_t id = 1; id <= 50; ++id) {
    r.subscribe("t/#", subscriber_id{id}, {.identifier = id});
    if (id % 2 == 0) r.subscribe("t/+", subscriber_id{id}, {.identifier = id + 1000});
    if (id % 5 == 0) r.subscribe("t/x", subscriber_id{id}, {});
  }
  const resolution& found = r.resolve("t/x");
  ASSERT_EQ(found.subscribers.size(), 50U);
  for (const match& m : found.subscribers) {
    const std::uint32_t id = m.subscriber.value();
    if (id % 2 == 0) {
      EXPECT_THAT(m.identifiers, UnorderedElementsAre(id, id + 1000));
    } else {
      EXPECT_THAT(m.identifiers, ElementsAre(id));
    }
  }
}

TEST_F(Router, SubscribingAgainReplacesTheOptions) {
  clause("v311 MQTT-3.8.4-3");
  r.subscribe("a", alice, {.quality = qos::exactly_once, .identifier = 3});
  EXPECT_EQ(only("a").quality, qos::exactly_once);
  EXPECT_EQ(r.subscribe("a", alice, {}), router::outcome::replaced);
  EXPECT_EQ(only("a").quality, qos::at_most_once);
  EXPECT_THAT(only("a").identifiers, IsEmpty());
  EXPECT_EQ(r.subscription_count(), 1U);
}

TEST_F(Router, UnsubscribeComparesTheFilterByteByByte) {
  clause("v311 MQTT-3.10.4-1");
  r.subscribe("a/+", alice, {});
  EXPECT_FALSE(r.unsubscribe("a/b", alice));
  EXPECT_FALSE(r.unsubscribe("a/#", alice));
  EXPECT_FALSE(r.unsubscribe("a/+", bob));
  EXPECT_THAT(subscribers("a/b"), ElementsAre(1));
  EXPECT_TRUE(r.unsubscribe("a/+", alice));
  EXPECT_THAT(subscribers("a/b"), IsEmpty());
  EXPECT_EQ(r.node_count(), 0U);
}

TEST_F(Router, ACachedTopicSeesEveryLaterChange) {
  EXPECT_THAT(subscribers("a/b"), IsEmpty());
  r.subscribe("a/b", alice, {});
  EXPECT_THAT(subscribers("a/b"), ElementsAre(1));
  r.subscribe("a/#", bob, {});
  EXPECT_THAT(subscribers("a/b"), UnorderedElementsAre(1, 2));
  r.unsubscribe("a/b", alice);
  EXPECT_THAT(subscribers("a/b"), ElementsAre(2));
  r.unsubscribe("a/#", bob);
  EXPECT_THAT(subscribers("a/b"), IsEmpty());
}

TEST_F(Router, ATopicWithoutAPlaceInTheCacheSeesEveryLaterChange) {
  router small{shard_id{1}, interest, 1};
  ASSERT_THAT(small.resolve("takes/the/place").subscribers, IsEmpty());
  const auto found = [&](std::string_view topic) {
    return small.resolve(topic).subscribers.size();
  };
  EXPECT_EQ(found("a/b"), 0U);
  small.subscribe("a/b", alice, {});
  EXPECT_EQ(found("a/b"), 1U);
  EXPECT_EQ(found("a/b"), 1U);
  small.subscribe("a/+", bob, {});
  EXPECT_EQ(found("a/b"), 2U);
  small.unsubscribe("a/b", alice);
  EXPECT_EQ(found("a/b"), 1U);
  EXPECT_EQ(small.resolve("a/b").others, 0U);
  other.subscribe("a/b", alice, {});
  EXPECT_EQ(small.resolve("a/b").others, shard_mask{1} << 2U);
  EXPECT_EQ(found("takes/the/place"), 0U);
  EXPECT_EQ(found("a/b"), 1U) << "the other topic was asked for last";
  const std::string long_topic = "a/" + std::string(2'000, 'b');
  EXPECT_EQ(found(long_topic), 1U);
  small.subscribe(long_topic, alice, {});
  EXPECT_EQ(found(long_topic), 2U);
}

TEST_F(Router, GroupsAreApartFromSubscriptionsOfTheSameFilter) {
  clause("v5 MQTT-4.8.2-4");
  r.subscribe("a/b", subscriber_id{5}, {});
  r.add_group("a/b", group_id{5});
  r.add_group("a/#", group_id{6});
  EXPECT_THAT(subscribers("a/b"), ElementsAre(5));
  EXPECT_THAT(r.resolve("a/b").groups, UnorderedElementsAre(group_id{5}, group_id{6}));
  EXPECT_TRUE(r.unsubscribe("a/b", subscriber_id{5}));
  EXPECT_THAT(r.resolve("a/b").groups, UnorderedElementsAre(group_id{5}, group_id{6}));
  r.remove_group("a/b", group_id{5});
  r.remove_group("a/#", group_id{6});
  EXPECT_THAT(r.resolve("a/b").groups, IsEmpty());
  EXPECT_EQ(r.node_count(), 0U);
  EXPECT_EQ(r.subscription_count(), 0U);
}

TEST_F(Router, NamesOtherShardsAsTheirFiltersComeAndGo) {
  EXPECT_EQ(r.resolve("a/b").others, 0U);
  other.subscribe("a/b", alice, {});
  EXPECT_EQ(r.resolve("a/b").others, 4U);
  EXPECT_EQ(other.resolve("a/b").others, 0U);
  EXPECT_EQ(r.resolve("a/c").others, 0U);
  other.add_group("a/#", group_id{1});
  other.unsubscribe("a/b", alice);
  EXPECT_EQ(r.resolve("a/b").others, 4U);
  other.remove_group("a/#", group_id{1});
  EXPECT_EQ(r.resolve("a/b").others, 0U);
  EXPECT_EQ(interest.count(shard_id{2}), 0U);
}

TEST_F(Router, TopicsTooLongForTheCacheAreResolvedAllTheSame) {
  const std::string topic(65'535, '/');
  EXPECT_THAT(subscribers(topic), IsEmpty());
  r.subscribe(topic, alice, {});
  r.subscribe("/#", bob, {});
  other.subscribe("#", bob, {});
  EXPECT_THAT(subscribers(topic), UnorderedElementsAre(1, 2));
  EXPECT_EQ(r.resolve(topic).others, 4U);
  r.unsubscribe(topic, alice);
  EXPECT_THAT(subscribers(topic), ElementsAre(2));
  EXPECT_EQ(r.node_count(), 2U);
}

TEST_F(Router, AListTooLongForTheCacheIsResolvedAllTheSame) {
  constexpr std::uint32_t many = 60'000;
  for (std::uint32_t id = 0; id < many; ++id) r.subscribe("all/#", subscriber_id{id}, {});
  EXPECT_EQ(r.resolve("all/x").subscribers.size(), many);
  r.unsubscribe("all/#", subscriber_id{17});
  EXPECT_EQ(r.resolve("all/x").subscribers.size(), many - 1);
  for (std::uint32_t id = 0; id < many; ++id) {
    if (id != 17) r.unsubscribe("all/#", subscriber_id{id});
  }
  EXPECT_THAT(subscribers("all/x"), IsEmpty());
  EXPECT_EQ(r.node_count(), 0U);
}

TEST_F(Router, AListThatOutgrowsTheCacheIsStillRight) {
  EXPECT_THAT(subscribers("all/x"), IsEmpty());
  constexpr std::uint32_t many = 60'000;
  for (std::uint32_t id = 0; id < many; ++id) r.subscribe("all/#", subscriber_id{id}, {});
  EXPECT_EQ(r.resolve("all/x").subscribers.size(), many);
  EXPECT_EQ(r.resolve("all/x").subscribers.size(), many);
}

TEST_F(Router, WorksWithoutACache) {
  router uncached{shard_id{1}, interest, 0};
  uncached.subscribe("a", alice, {});
  EXPECT_EQ(uncached.resolve("a").subscribers.size(), 1U);
  EXPECT_EQ(uncached.resolve("b").subscribers.size(), 0U);
}

TEST_F(Router, MemoryPerSubscriptionStaysBelowItsGoal) {
  constexpr std::uint32_t filters = 200'000;
  const std::size_t before = r.memory_size();
  for (std::uint32_t i = 0; i < filters; ++i) {
    const std::string a = std::to_string(i % 447);
    const std::string b = std::to_string(i / 447);
    switch (i % 10) {
      case 0:
        r.subscribe("+/" + a + "/" + b + "/v", alice, {});
        break;
      case 1:
        r.subscribe("s/" + a + "/" + b + "/#", alice, {});
        break;
      case 2:
        r.subscribe("s/+/" + a + "/" + b, alice, {});
        break;
      default:
        r.subscribe("s/" + a + "/" + b + "/v", alice, {});
        break;
    }
  }
  EXPECT_EQ(r.subscription_count(), filters);
  const std::size_t each = (r.memory_size() - before) / filters;
  RecordProperty("bytes_per_subscription", static_cast<int>(each));
  EXPECT_LT(each, 200U);
}

}  // namespace
}  // namespace godwit::routing
