#include "support/clause.hpp"

#include <godwit/base/random.hpp>
#include <godwit/session/subscription_table.hpp>

#include <gtest/gtest.h>

#include <map>

namespace godwit::session {
namespace {

using mqtt::qos;

constexpr base::hash_seed seed{1, 2};

TEST(SubscriptionTable, KeepsOneSubscriptionPerFilterWithItsLastQos) {
  clause("v311 MQTT-3.8.4-3");
  clause("v31 M31-sub-8");
  using outcome = subscription_table::outcome;
  subscription_table t;
  std::map<std::string, qos> expected;
  // Through the list and into the hash table.
  for (int i = 0; i < 40; ++i) {
    const std::string filter = "a/" + std::to_string(i);
    EXPECT_EQ(t.set(filter, {qos::at_least_once}, seed), outcome::added);
    expected[filter] = qos::at_least_once;
    const std::string again = "a/" + std::to_string(i / 2);
    EXPECT_EQ(t.set(again, {qos::exactly_once}, seed), outcome::replaced);
    expected[again] = qos::exactly_once;
    ASSERT_EQ(t.size(), expected.size());
    std::map<std::string, qos> found;
    t.for_each([&](std::string_view f, const store::subscription_terms& terms) {
      EXPECT_TRUE(found.emplace(f, terms.quality).second) << f;
    });
    ASSERT_EQ(found, expected);
  }
}

TEST(SubscriptionTable, ErasesByteByByte) {
  clause("v311 MQTT-3.10.4-1");
  for (const int count : {3, 16, 17, 40}) {
    subscription_table t;
    for (int i = 0; i < count; ++i) t.set("f" + std::to_string(i), {qos::at_most_once}, seed);
    EXPECT_FALSE(t.erase("F1"));
    EXPECT_FALSE(t.erase("f"));
    EXPECT_FALSE(t.erase("+"));
    EXPECT_TRUE(t.contains("f1"));
    EXPECT_TRUE(t.erase("f1"));
    EXPECT_FALSE(t.contains("f1"));
    EXPECT_FALSE(t.erase("f1"));
    EXPECT_EQ(t.size(), static_cast<std::size_t>(count - 1));
    for (int i = 1; i < count; ++i) {
      const auto taken = t.take();
      ASSERT_TRUE(taken.has_value());
      EXPECT_NE(*taken, "f1");
      EXPECT_FALSE(t.contains(*taken));
    }
    EXPECT_TRUE(t.empty());
    EXPECT_EQ(t.take(), std::nullopt);
    EXPECT_FALSE(t.contains("f2"));
    EXPECT_EQ(t.set("f2", {qos::at_most_once}, seed), subscription_table::outcome::added);
  }
}

TEST(SubscriptionTable, KeepsAllTermsAndTextsOfEverySize) {
  subscription_table t;
  std::map<std::string, store::subscription_terms> expected;
  std::uint32_t number = 0;
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 1'000U, 65'535U}) {
    for (const bool flag : {false, true}) {
      const std::string filter = (flag ? "/" : "+") + std::string(size - 1, '/');
      const store::subscription_terms terms{.quality = static_cast<qos>(number % 3),
                                            .no_local = flag,
                                            .retain_as_published = !flag,
                                            .identifier = 268'435'455 - number++};
      t.set(filter, terms, seed);
      expected[filter] = terms;
      for (const auto& [known, its] : expected) ASSERT_EQ(t.find(known), its) << known.size();
    }
  }
}

TEST(SubscriptionTable, DoesWhatAMapDoes) {
  constexpr std::uint64_t seed_of_steps = 20'261'127;
  SCOPED_TRACE(seed_of_steps);
  base::prng random{seed_of_steps};
  subscription_table t;
  std::map<std::string, std::uint32_t> model;
  for (int step = 0; step < 40'000; ++step) {
    // Waves, so that it grows to hundreds and comes to nothing again.
    const bool grows = step / 1'500 % 2 == 0;
    const std::string filter =
        "f/" + std::string(random.below(9), 'x') + std::to_string(random.below(100));
    if (random.below(4) < (grows ? 3U : 1U)) {
      const auto identifier = static_cast<std::uint32_t>(random.below(1'000));
      const auto done = t.set(filter, {.identifier = identifier}, seed);
      const bool is_new = model.insert_or_assign(filter, identifier).second;
      ASSERT_EQ(done == subscription_table::outcome::added, is_new);
    } else if (random.below(2) == 0) {
      ASSERT_EQ(t.erase(filter), model.erase(filter) == 1);
    } else if (const auto taken = t.take()) {
      ASSERT_EQ(model.erase(*taken), 1U);
    } else {
      ASSERT_TRUE(model.empty());
    }
    ASSERT_EQ(t.size(), model.size());
    ASSERT_EQ(t.empty(), model.empty());
    if (step % 100 != 0) continue;
    std::map<std::string, std::uint32_t> all;
    t.for_each([&](std::string_view f, const store::subscription_terms& terms) {
      all.emplace(f, terms.identifier);
    });
    ASSERT_EQ(all, model);
  }
}

TEST(SubscriptionTable, GivesMemoryBack) {
  subscription_table t;
  for (int i = 0; i < 10'000; ++i) t.set("some/filter/" + std::to_string(i), {}, seed);
  const std::size_t full = t.memory_size();
  EXPECT_LT(full, 10'000U * 60);
  for (int i = 0; i < 9'000; ++i) EXPECT_TRUE(t.erase("some/filter/" + std::to_string(i)));
  EXPECT_LT(t.memory_size() * 3, full);
  EXPECT_TRUE(t.contains("some/filter/9999"));
  while (t.take()) {
  }
  EXPECT_EQ(t.memory_size(), 0U);
}

}  // namespace
}  // namespace godwit::session
