#include "messages.hpp"
#include "random_topics.hpp"

#include <godwit/mqtt/topic.hpp>
#include <godwit/routing/retained_index.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace godwit::routing {
namespace {

struct model_topic {
  std::uint64_t version = 0;
  std::string payload;  // empty: cleared
};

TEST(RetainedIndexRandom, AgreesWithAMap) {
  constexpr std::uint64_t seed = 4'711;
  SCOPED_TRACE(seed);
  test::random_topics topics{seed};
  base::prng& random = topics.random();
  retained_index index;
  std::map<std::string, model_topic> model;

  for (int step = 0; step < 30'000; ++step) {
    const std::string topic = topics.topic();
    if (random.chance(1, 20)) {
      const auto known = model.find(topic);
      const bool present = known != model.end() && !known->second.payload.empty();
      ASSERT_EQ(index.erase(topic), present);
      if (present) model.erase(known);
    } else {
      // Versions go up, but not in order.
      const std::uint64_t version = static_cast<std::uint64_t>(step) + random.below(200);
      const std::string payload(random.chance(1, 3) ? 0 : 1 + random.below(20), 'p');
      model_topic& known = model[topic];
      const bool older = known.version > version;
      const bool present = !known.payload.empty();
      using outcome = retained_index::outcome;
      const outcome expected = older             ? outcome::older
                               : payload.empty() ? (present ? outcome::cleared : outcome::absent)
                                                 : (present ? outcome::replaced : outcome::stored);
      ASSERT_EQ(index.set(test::retained(topic, version, payload)), expected) << topic;
      if (!older) known = {version, payload};
    }
    if (step % 10 != 0) continue;

    const std::string filter = topics.filter();
    std::set<std::string> wanted;
    for (const auto& [name, value] : model) {
      if (!value.payload.empty() && mqtt::topic_matches(filter, name)) wanted.insert(name);
    }
    std::set<std::string> seen;
    std::optional<std::string> after;
    const std::size_t count_max = 1 + random.below(10);
    const std::size_t bytes_max = 1 + random.below(200);
    do {
      retained_index::page page = index.match(filter, after, count_max, bytes_max);
      ASSERT_LE(page.messages.size(), count_max);
      for (const auto& m : page.messages) {
        ASSERT_TRUE(seen.emplace(m->topic()).second) << "twice: " << m->topic();
        ASSERT_EQ(m->retain_version(), model[std::string{m->topic()}].version);
      }
      after = std::move(page.next);
    } while (after);
    ASSERT_EQ(seen, wanted) << filter;
  }

  std::size_t size = 0;
  std::size_t bytes = 0;
  for (const auto& [name, value] : model) {
    if (value.payload.empty()) continue;
    ++size;
    bytes += name.size() + value.payload.size();
  }
  EXPECT_EQ(index.size(), size);
  EXPECT_EQ(index.content_size(), bytes);
  for (const auto& [name, value] : model) index.erase(name);
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.content_size(), 0U);
  EXPECT_EQ(index.node_count(), 0U);
}

// What is neither set nor cleared during a walk is seen exactly once.
TEST(RetainedIndexRandom, PagesMissNothingThatStays) {
  constexpr std::uint64_t seed = 4'712;
  SCOPED_TRACE(seed);
  test::random_topics topics{seed};
  base::prng& random = topics.random();
  for (int round = 0; round < 300; ++round) {
    retained_index index;
    std::set<std::string> stays;
    std::uint64_t version = 0;
    for (int i = 0; i < 60; ++i) {
      stays.insert(topics.topic());
      index.set(test::retained(*stays.rbegin(), ++version));
    }
    for (const std::string& topic : stays) index.set(test::retained(topic, ++version));
    const std::string filter = topics.filter();
    std::map<std::string, int> seen;
    std::optional<std::string> after;
    do {
      retained_index::page page = index.match(filter, after, 1 + random.below(3), 1000);
      for (const auto& m : page.messages) ++seen[std::string{m->topic()}];
      after = std::move(page.next);
      for (int i = 0; i < 5; ++i) {
        const std::string topic = topics.topic();
        stays.erase(topic);
        index.set(test::retained(topic, ++version, random.chance(1, 2) ? "" : "new"));
      }
    } while (after);
    for (const std::string& topic : stays) {
      ASSERT_EQ(seen[topic], mqtt::topic_matches(filter, topic) ? 1 : 0) << filter << ' ' << topic;
    }
    for (const auto& [topic, times] : seen) ASSERT_LE(times, 1) << topic;
  }
}

}  // namespace
}  // namespace godwit::routing
