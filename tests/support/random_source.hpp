#pragma once

#include <cstddef>
#include <cstdint>

namespace godwit::test {

/// Numbers that depend on the seed alone (splitmix64), the same on every machine.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) noexcept : state_{seed} {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// 0 to limit - 1; limit is not 0.
  [[nodiscard]] std::size_t below(std::size_t limit) noexcept { return next() % limit; }
  [[nodiscard]] bool coin() noexcept { return (next() & 1U) != 0; }

 private:
  std::uint64_t state_;
};

}  // namespace godwit::test
