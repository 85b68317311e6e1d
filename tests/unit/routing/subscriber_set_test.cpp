#include "routing/subscriber_set.hpp"

#include <godwit/base/random.hpp>

#include <gtest/gtest.h>

#include <map>

namespace godwit::routing {
namespace {

subscriber_entry entry(std::uint32_t id, mqtt::qos quality = mqtt::qos::at_most_once) {
  return {subscriber_id{id}, {.quality = quality}};
}

TEST(SubscriberEntry, KeepsAllOptionsInEightBytes) {
  const subscription_options options{mqtt::qos::exactly_once, true, true, 268'435'455};
  const subscriber_entry e{subscriber_id{0xffffffff}, options};
  EXPECT_EQ(sizeof e, 8U);
  EXPECT_EQ(e.id(), 0xffffffffU);
  EXPECT_EQ(e.quality(), mqtt::qos::exactly_once);
  EXPECT_TRUE(e.no_local());
  EXPECT_TRUE(e.retain_as_published());
  EXPECT_EQ(e.identifier(), 268'435'455U);
  EXPECT_FALSE(e.is_group());
  EXPECT_FALSE(e.is_vacant());
}

TEST(SubscriberEntry, TellsAGroupFromASubscriberOfTheSameNumber) {
  const subscriber_entry group{group_id{7}};
  EXPECT_TRUE(group.is_group());
  EXPECT_FALSE(group.is_vacant());
  EXPECT_FALSE(group.is_same(entry(7)));
}

TEST(SubscriberSet, ReplacesTheOptionsOfAKnownSubscriber) {
  subscriber_set set;
  EXPECT_TRUE(set.insert(entry(1)));
  EXPECT_FALSE(set.insert(entry(1, mqtt::qos::exactly_once)));
  EXPECT_EQ(set.size(), 1U);
  set.for_each([](const subscriber_entry& e) { EXPECT_EQ(e.quality(), mqtt::qos::exactly_once); });
}

TEST(SubscriberSet, BehavesLikeAMapWhileItGrowsAndShrinks) {
  constexpr std::uint64_t seed = 20'401;
  SCOPED_TRACE(seed);
  base::prng random{seed};
  subscriber_set set;
  std::map<std::pair<bool, std::uint32_t>, mqtt::qos> model;
  for (int step = 0; step < 40'000; ++step) {
    // Alternating phases of growth and decline, up to some 600 entries.
    const bool grow = random.chance((step / 4000) % 2 == 0 ? 3 : 1, 4);
    const auto id = static_cast<std::uint32_t>(random.below(600));
    const bool is_group = random.chance(1, 10);
    const auto quality = static_cast<mqtt::qos>(random.below(3));
    const subscriber_entry e = is_group ? subscriber_entry{group_id{id}} : entry(id, quality);
    if (grow) {
      EXPECT_EQ(set.insert(e), !model.contains({is_group, id}));
      model[{is_group, id}] = quality;
    } else {
      EXPECT_EQ(set.erase(e), model.erase({is_group, id}) == 1);
    }
    ASSERT_EQ(set.size(), model.size());
    if (step % 50 != 0) continue;
    std::size_t seen = 0;
    set.for_each([&](const subscriber_entry& found) {
      ++seen;
      const auto known = model.find({found.is_group(), found.id()});
      ASSERT_NE(known, model.end());
      if (!found.is_group()) {
        EXPECT_EQ(found.quality(), known->second);
      }
    });
    ASSERT_EQ(seen, model.size());
  }
  while (!model.empty()) {
    const auto [is_group, id] = model.begin()->first;
    EXPECT_TRUE(set.erase(is_group ? subscriber_entry{group_id{id}} : entry(id)));
    model.erase(model.begin());
  }
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.memory_size(), 0U);
}

}  // namespace
}  // namespace godwit::routing
