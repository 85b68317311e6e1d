#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace godwit::kill_loop {

/// Randomness from a seed, the same on every machine (SplitMix64).
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_{seed} {}

  /// 0 to n - 1; n is at least 1.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return next() % n; }
  [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
  /// From `low` to `high`, both included.
  [[nodiscard]] std::chrono::nanoseconds between(std::chrono::nanoseconds low,
                                                 std::chrono::nanoseconds high) {
    const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>((high - low).count(), 0));
    return low + std::chrono::nanoseconds{static_cast<std::int64_t>(below(span + 1))};
  }
  /// Dice of their own, so that one client's luck does not depend on what the others do.
  [[nodiscard]] dice fork() { return dice{next()}; }

 private:
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace godwit::kill_loop
