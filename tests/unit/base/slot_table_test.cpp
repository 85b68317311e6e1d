#include <godwit/base/random.hpp>
#include <godwit/base/slot_table.hpp>

#include <gtest/gtest.h>

#include <set>

namespace godwit::base {
namespace {

TEST(SlotTable, FindsWhatWasInsertedAndNotErased) {
  constexpr std::uint64_t seed = 77;
  SCOPED_TRACE(seed);
  prng random{seed};
  slot_table table;
  std::set<std::uint32_t> model;
  // Hashes that collide a lot, and runs that wrap around the end of the table.
  const auto hash = [](std::uint32_t value) { return 0xfffffff8U + value % 13; };
  for (int step = 0; step < 20'000; ++step) {
    const auto value = static_cast<std::uint32_t>(random.below(100));
    if (!model.contains(value)) {
      table.insert(hash(value), value);
      model.insert(value);
    } else {
      table.erase(hash(value), value);
      model.erase(value);
    }
    const auto asked = static_cast<std::uint32_t>(random.below(100));
    const std::uint32_t found =
        table.find(hash(asked), [&](std::uint32_t candidate) { return candidate == asked; });
    ASSERT_EQ(found, model.contains(asked) ? asked : slot_table::none);
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(SlotTable, GivesMemoryBackWhenItEmpties) {
  slot_table table;
  for (std::uint32_t value = 0; value < 10'000; ++value) table.insert(value * 7919, value);
  const std::size_t full = table.memory_size();
  for (std::uint32_t value = 0; value < 10'000; ++value) table.erase(value * 7919, value);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_LT(table.memory_size() * 20, full);
}

}  // namespace
}  // namespace godwit::base
