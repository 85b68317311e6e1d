#include "bug_hunt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace godwit::sim {
namespace {

#ifdef GODWIT_SEEDED_BUGS

/// The oracle still says no: each bug is found by the seed that docs/testing.md names, or soon. A
/// change of the broker moves what happens in a seed, so a few may need another one; `sim --bugs`
/// makes the table anew.
TEST(SeededBugs, AreFoundByTheirSeeds) {
  const auto seeds = known_seeds(GODWIT_TESTING_DOCUMENT);
  std::size_t found = 0;
  for (const auto& [name, seed] : seeds) {
    const auto* const bug = find_bug(name);
    ASSERT_NE(bug, nullptr) << name;
    finding f = hunt(bug->which, seed, seed);
    const std::uint64_t base = seeds_begin(bug->of);
    if (f.complaint.empty()) f = hunt(bug->which, base + 1, base + 300);
    if (f.complaint.empty()) std::cout << name << " is not found any more: " << bug->text << '\n';
    if (!f.complaint.empty()) ++found;
  }
  EXPECT_GE(found, 36U) << "of " << seeds.size();
}

TEST(SeededBugs, DoNothingUnlessChosen) {
  EXPECT_EQ(hunt(base::seeded::bug::none, 1, 20).complaint, "");
}

TEST(SeededBugs, AreEnoughInEachArea) {
  for (const auto a :
       {base::seeded::area::qos2, base::seeded::area::order, base::seeded::area::retained,
        base::seeded::area::interest, base::seeded::area::wills, base::seeded::area::resume,
        base::seeded::area::v5}) {
    EXPECT_GE(std::ranges::count_if(base::seeded::all, [&](const auto& b) { return b.of == a; }), 5)
        << name_of(a);
  }
}

/// From scratch, for `check-all`.
TEST(SeededBugs, DISABLED_AreFoundByTheSeedsOfCheck) {
  std::size_t found = 0;
  for (const auto& bug : base::seeded::all) {
    const std::uint64_t base = seeds_begin(bug.of);
    const finding f = hunt(bug.which, base + 1, base + 1'500);
    std::cout << bug.name << ": " << (f.complaint.empty() ? "not found" : f.complaint) << '\n';
    if (!f.complaint.empty()) ++found;
  }
  EXPECT_GE(found, 34U);
}

#endif

}  // namespace
}  // namespace godwit::sim
