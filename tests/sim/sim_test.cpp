#include "runner.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace godwit::sim {
namespace {

outcome expect_good(std::uint64_t seed) {
  outcome o = runner{seed, false}.run();
  std::string text;
  for (const std::string& v : o.violations) text += "  " + v + '\n';
  EXPECT_TRUE(o.violations.empty()) << "sim --seed " << seed << " --trace\n"
                                    << text << o.plan << '\n'
                                    << o.tail;
  return o;
}

TEST(Simulator, FindsNoBrokenPromiseInFixedSeeds) {
  fault_counts faults;
  for (std::uint64_t seed = 1; seed <= 1'800; ++seed) {
    faults.add(expect_good(seed).faults);
    if (HasFailure()) return;
  }
  for (std::uint64_t n = 1; n <= 40; ++n) {
    faults.add(expect_good(first_seed_with_memory + n).faults);
    if (HasFailure()) return;
  }
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    EXPECT_GT(faults.of[i], 0U) << "no seed has the fault " << fault_texts[i].name;
  }
}

TEST(Simulator, FindsNoBrokenPromiseInFixedSeedsWithMqtt5) {
  for (std::uint64_t n = 1; n <= 400; ++n) {
    expect_good(first_seed_with_v5 + n);
    if (HasFailure()) return;
  }
}

TEST(Simulator, FindsNoBrokenPromiseInFixedSeedsWithLittleMemory) {
  for (std::uint64_t n = 41; n <= 340; ++n) {
    expect_good(first_seed_with_memory + n);
    if (HasFailure()) return;
  }
}

TEST(Simulator, FindsNoBrokenPromiseInFreshSeeds) {
  std::random_device entropy;
  for (int i = 0; i < 300; ++i) {
    expect_good((std::uint64_t{entropy()} << 32) | entropy());
    if (HasFailure()) return;
  }
}

TEST(Simulator, ReplaysTheSameSeedExactly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const outcome first = runner{seed, false}.run();
    const outcome second = runner{seed, false}.run();
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.deliveries, second.deliveries) << "seed " << seed;
    EXPECT_EQ(first.faults.of, second.faults.of) << "seed " << seed;
  }
}

TEST(Simulator, DiffersFromSeedToSeed) {
  EXPECT_NE((runner{1, false}.run().hash), (runner{2, false}.run().hash));
}

TEST(Simulator, LetsTimePassAThousandTimesAsFast) {
  const auto began = std::chrono::steady_clock::now();
  base::duration simulated{};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) simulated += runner{seed, false}.run().simulated;
  EXPECT_GT(simulated, 1'000 * (std::chrono::steady_clock::now() - began));
}

}  // namespace
}  // namespace godwit::sim
