#include <godwit/base/seeded_hash.hpp>

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <unordered_map>

namespace godwit::base {
namespace {

// The key 00 01 .. 0f of the published test vectors.
constexpr hash_seed published_seed{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

bytes counting_bytes(std::size_t count) {
  bytes out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<std::byte>(i));
  return out;
}

TEST(SeededHash, RoundsMatchThePublishedVectorsOfSipHash24) {
  EXPECT_EQ(seeded_hash_2_4(counting_bytes(0), published_seed), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(seeded_hash_2_4(counting_bytes(1), published_seed), 0x74f839c593dc67fdU);
  EXPECT_EQ(seeded_hash_2_4(counting_bytes(8), published_seed), 0x93f5f5799a932462U);
  EXPECT_EQ(seeded_hash_2_4(counting_bytes(15), published_seed), 0xa129ca6149be45e5U);
}

// Computed with CPython 3.11, whose hash of bytes is SipHash-1-3 (PYTHONHASHSEED=0 is key zero).
TEST(SeededHash, MatchesAnotherImplementationOfSipHash13) {
  const hash_seed zero{};
  EXPECT_EQ(seeded_hash("a", zero), 0x407448d2b89b1813U);
  EXPECT_EQ(seeded_hash("abc", zero), 0xc03bc3a0042630f2U);
  EXPECT_EQ(seeded_hash("1234567", zero), 0xa33d651594fdae81U);
  EXPECT_EQ(seeded_hash("12345678", zero), 0x3489982430560a87U);
  EXPECT_EQ(seeded_hash("the quick brown fox jumps", zero), 0x00c98b97e4f70042U);
}

TEST(SeededHash, MatchesThePublishedVectorOfSipHash13) {
  EXPECT_EQ(seeded_hash(counting_bytes(0), published_seed), 0xabac0158050fc4dcU);
}

TEST(SeededHash, DependsOnBothHalvesOfTheSeed) {
  std::set<std::uint64_t> seen;
  for (const hash_seed& seed : {hash_seed{0, 0}, hash_seed{1, 0}, hash_seed{0, 1}}) {
    seen.insert(seeded_hash("client", seed));
  }
  EXPECT_EQ(seen.size(), 3U);
}

TEST(SeededHash, SpreadsClientIdsEvenlyOverShards) {
  std::array<int, 8> shards{};
  for (int i = 0; i < 8'000; ++i) {
    ++shards.at(seeded_hash("device-" + std::to_string(i), published_seed) % 8);
  }
  for (const int clients : shards) {
    EXPECT_GT(clients, 850);
    EXPECT_LT(clients, 1150);
  }
}

TEST(SeededStringHash, LooksUpByViewWithoutAString) {
  std::unordered_map<std::string, int, seeded_string_hash, std::equal_to<>> table{
      0, seeded_string_hash{published_seed}};
  table.emplace("key", 7);
  EXPECT_EQ(table.find(std::string_view{"key"})->second, 7);
}

}  // namespace
}  // namespace godwit::base
