#include "random_topics.hpp"

#include <godwit/mqtt/topic.hpp>
#include <godwit/routing/router.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace godwit::routing {
namespace {

struct merged {
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool no_local = true;
  bool retain_as_published = false;
  std::vector<std::uint32_t> identifiers;
  friend bool operator==(const merged&, const merged&) = default;
};
using merged_by_subscriber = std::map<std::uint32_t, merged>;

// One shard, as slow and obvious as can be.
class model_router {
 public:
  using key = std::pair<std::string, std::uint32_t>;  // filter, subscriber or group

  std::map<key, subscription_options> subscriptions;
  std::map<key, bool> groups;

  [[nodiscard]] merged_by_subscriber resolve(const std::string& topic) const {
    merged_by_subscriber result;
    for (const auto& [k, options] : subscriptions) {
      if (!mqtt::topic_matches(k.first, topic)) continue;
      merged& m = result[k.second];
      m.quality = std::max(m.quality, options.quality);
      m.no_local = m.no_local && options.no_local;
      m.retain_as_published = m.retain_as_published || options.retain_as_published;
      if (options.identifier != 0) m.identifiers.push_back(options.identifier);
    }
    for (auto& [id, m] : result) std::sort(m.identifiers.begin(), m.identifiers.end());
    return result;
  }
  [[nodiscard]] std::vector<group_id> resolve_groups(const std::string& topic) const {
    std::vector<group_id> result;
    for (const auto& [k, unused] : groups) {
      if (mqtt::topic_matches(k.first, topic)) result.emplace_back(k.second);
    }
    std::sort(result.begin(), result.end());
    return result;
  }
};

class RouterRandom : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::uint8_t shards = 3;
  static constexpr std::uint64_t seed = 8'061;

  void change(std::size_t shard) {
    base::prng& random = topics.random();
    router& r = *routers[shard];
    model_router& m = models[shard];
    const model_router::key k{topics.filter(), static_cast<std::uint32_t>(random.below(12))};
    switch (random.below(4)) {
      case 0: {
        const subscription_options options{static_cast<mqtt::qos>(random.below(3)),
                                           random.chance(1, 2), random.chance(1, 2),
                                           static_cast<std::uint32_t>(random.below(4))};
        const bool fresh = m.subscriptions.insert_or_assign(k, options).second;
        EXPECT_EQ(r.subscribe(k.first, subscriber_id{k.second}, options),
                  fresh ? router::outcome::added : router::outcome::replaced);
        break;
      }
      case 1: {
        // Mostly one that is there.
        const auto near = m.subscriptions.lower_bound(k);
        const model_router::key victim = near == m.subscriptions.end() ? k : near->first;
        EXPECT_EQ(r.unsubscribe(victim.first, subscriber_id{victim.second}),
                  m.subscriptions.erase(victim) == 1);
        break;
      }
      case 2:
        if (m.groups.emplace(k, true).second) r.add_group(k.first, group_id{k.second});
        break;
      case 3:
        if (const auto near = m.groups.lower_bound(k); near != m.groups.end()) {
          r.remove_group(near->first.first, group_id{near->first.second});
          m.groups.erase(near);
        }
        break;
    }
  }

  void check(std::size_t shard) {
    const std::string topic = topics.topic();
    const resolution& found = routers[shard]->resolve(topic);
    merged_by_subscriber seen;
    for (const match& m : found.subscribers) {
      merged as_model{m.quality,
                      m.no_local,
                      m.retain_as_published,
                      {m.identifiers.begin(), m.identifiers.end()}};
      std::sort(as_model.identifiers.begin(), as_model.identifiers.end());
      ASSERT_TRUE(seen.emplace(m.subscriber.value(), as_model).second) << "twice: " << topic;
    }
    ASSERT_EQ(seen, models[shard].resolve(topic)) << topic;
    std::vector<group_id> groups{found.groups.begin(), found.groups.end()};
    std::sort(groups.begin(), groups.end());
    ASSERT_EQ(groups, models[shard].resolve_groups(topic)) << topic;
    for (std::size_t i = 0; i < shards; ++i) {
      const bool wanted =
          !models[i].resolve(topic).empty() || !models[i].resolve_groups(topic).empty();
      ASSERT_TRUE(i == shard || !wanted || (found.others >> i & 1) != 0) << topic;
    }
    ASSERT_EQ(found.others >> shard & 1, 0U);
  }

  test::random_topics topics{seed};
  interest_table interest{shards, seed};
  std::vector<std::unique_ptr<router>> routers;
  std::vector<model_router> models{shards};
};

// The parameter is the size of the cache: none, one that evicts all the time, one that never does.
TEST_P(RouterRandom, AgreesWithALinearSearch) {
  SCOPED_TRACE(seed);
  for (std::uint8_t i = 0; i < shards; ++i) {
    routers.push_back(std::make_unique<router>(shard_id{i}, interest, GetParam()));
  }
  for (int step = 0; step < 6'000; ++step) {
    if (topics.random().chance(1, 3)) change(topics.random().below(shards));
    ASSERT_NO_FATAL_FAILURE(check(topics.random().below(shards))) << "step " << step;
  }
  for (std::uint8_t i = 0; i < shards; ++i) {
    EXPECT_EQ(routers[i]->subscription_count(),
              models[i].subscriptions.size() + models[i].groups.size());
    EXPECT_GT(routers[i]->node_count(), 0U);
    for (const auto& [k, options] : models[i].subscriptions) {
      EXPECT_TRUE(routers[i]->unsubscribe(k.first, subscriber_id{k.second}));
    }
    for (const auto& [k, unused] : models[i].groups) {
      routers[i]->remove_group(k.first, group_id{k.second});
    }
    EXPECT_EQ(routers[i]->node_count(), 0U);
    EXPECT_EQ(routers[i]->subscription_count(), 0U);
    EXPECT_EQ(interest.count(shard_id{i}), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(CacheSizes, RouterRandom, ::testing::Values(0, 16, 100'000));

}  // namespace
}  // namespace godwit::routing
