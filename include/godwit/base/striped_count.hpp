#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace godwit::base {

/// A sum that many threads add to and few read. It has several places to count at, so that threads
/// seldom meet. Any thread, lock-free.
class striped_count {
 public:
  constexpr striped_count() noexcept = default;

  void add(std::uint64_t n) noexcept {
    stripes_[own_stripe()].value.fetch_add(n, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t n) noexcept { add(0 - n); }
  [[nodiscard]] std::uint64_t sum() const noexcept {
    std::uint64_t out = 0;
    for (const stripe& one : stripes_) out += one.value.load(std::memory_order_relaxed);
    return out;
  }

 private:
  struct alignas(64) stripe {
    std::atomic<std::uint64_t> value{0};
  };
  static constexpr std::size_t stripes_log2 = 4;

  /// Threads have their stacks far from one another, which is enough to tell most of them apart.
  [[nodiscard]] static std::size_t own_stripe() noexcept {
    constexpr unsigned stack_log2 = 20;
    constexpr std::uint64_t mixer = 0x9E37'79B9'7F4A'7C15;
    const char here = 0;
    const auto place = reinterpret_cast<std::uintptr_t>(&here) >> stack_log2;
    return static_cast<std::size_t>((place * mixer) >> (64 - stripes_log2));
  }

  std::array<stripe, std::size_t{1} << stripes_log2> stripes_{};
};

}  // namespace godwit::base
