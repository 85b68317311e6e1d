#pragma once

#include <godwit/base/assert.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace godwit::base {

/// The splitmix64 sequence: spreads any seed, zero too, over all bits.
class splitmix64 {
 public:
  constexpr explicit splitmix64(std::uint64_t seed) noexcept : state_{seed} {}
  constexpr std::uint64_t operator()() noexcept {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9U;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebU;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// xoshiro256**: a small, fast, reproducible generator for choices and simulations; a standard
/// uniform random bit generator. Not for secrets.
class prng {
 public:
  using result_type = std::uint64_t;

  constexpr explicit prng(std::uint64_t seed) noexcept {
    splitmix64 mix{seed};
    for (std::uint64_t& word : state_) word = mix();
  }

  constexpr std::uint64_t operator()() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// Evenly from 0 to `bound` - 1; `bound` is at least 1.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    GODWIT_ASSERT(bound != 0);
    // The lowest 2^64 mod bound values would come once too often.
    const std::uint64_t rejected = (0 - bound) % bound;
    std::uint64_t value = (*this)();
    while (value < rejected) value = (*this)();
    return value % bound;
  }

  /// True `numerator` times in `denominator`.
  constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept {
    return below(denominator) < numerator;
  }

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace godwit::base
