#include "runner.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace godwit::sim {
namespace {

void expect_good(std::uint64_t seed) {
  const outcome o = runner{seed, false}.run();
  std::string text;
  for (const std::string& v : o.violations) text += "  " + v + '\n';
  EXPECT_TRUE(o.violations.empty()) << "sim --seed " << seed << " --trace\n"
                                    << text << o.plan << '\n'
                                    << o.tail;
}

TEST(Simulator, FindsNoBrokenPromiseInFixedSeeds) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    expect_good(seed);
    if (HasFailure()) return;
  }
}

TEST(Simulator, FindsNoBrokenPromiseInFreshSeeds) {
  std::random_device entropy;
  for (int i = 0; i < 700; ++i) {
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
  }
}

TEST(Simulator, DiffersFromSeedToSeed) {
  EXPECT_NE((runner{1, false}.run().hash), (runner{2, false}.run().hash));
}

}  // namespace
}  // namespace godwit::sim
