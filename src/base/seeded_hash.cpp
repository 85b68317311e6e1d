#include <godwit/base/seeded_hash.hpp>

#include <bit>
#include <cstring>

namespace godwit::base {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

/// The state of SipHash (Aumasson and Bernstein, 2012).
struct sip_state {
  std::uint64_t v0;
  std::uint64_t v1;
  std::uint64_t v2;
  std::uint64_t v3;

  explicit sip_state(const hash_seed& seed) noexcept
      : v0{seed.k0 ^ 0x736f'6d65'7073'6575U},
        v1{seed.k1 ^ 0x646f'7261'6e64'6f6dU},
        v2{seed.k0 ^ 0x6c79'6765'6e65'7261U},
        v3{seed.k1 ^ 0x7465'6462'7974'6573U} {}

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  template <int Rounds>
  void mix(std::uint64_t word) noexcept {
    v3 ^= word;
    for (int i = 0; i < Rounds; ++i) round();
    v0 ^= word;
  }
};

template <int WordRounds, int FinalRounds>
std::uint64_t sip_hash(bytes_view key, const hash_seed& seed) noexcept {
  sip_state state{seed};
  const std::uint64_t length = key.size();
  while (key.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data(), sizeof word);
    state.mix<WordRounds>(word);
    key = key.subspan(sizeof word);
  }
  std::uint64_t last = 0;
  if (!key.empty()) std::memcpy(&last, key.data(), key.size());
  state.mix<WordRounds>(last | (length << 56));
  state.v2 ^= 0xff;
  for (int i = 0; i < FinalRounds; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace

std::uint64_t seeded_hash(bytes_view key, const hash_seed& seed) noexcept {
  return sip_hash<1, 3>(key, seed);
}

std::uint64_t seeded_hash_2_4(bytes_view key, const hash_seed& seed) noexcept {
  return sip_hash<2, 4>(key, seed);
}

}  // namespace godwit::base
