#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace godwit::observe {

/// Buckets of the histograms: exact up to 31, then 32 to each power of two, so that a bucket's
/// middle is within 1.6 % of every value in it. Values from 2^36 (19 hours in µs) share the last.
struct histogram_buckets {
  static constexpr std::size_t digits = 5;
  static constexpr std::size_t per_octave = std::size_t{1} << digits;
  static constexpr std::uint64_t largest = (std::uint64_t{1} << 36) - 1;
  static constexpr std::size_t count = (36 - digits + 1) * per_octave;

  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    value = std::min(value, largest);
    if (value < per_octave) return static_cast<std::size_t>(value);
    const std::size_t shift = static_cast<std::size_t>(std::bit_width(value)) - 1 - digits;
    return shift * per_octave + static_cast<std::size_t>(value >> shift);
  }
  /// The smallest value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t lowest_of(std::size_t index) noexcept {
    if (index < 2 * per_octave) return index;
    const std::size_t shift = index / per_octave - 1;
    return std::uint64_t{index - shift * per_octave} << shift;
  }
  [[nodiscard]] static constexpr std::uint64_t middle_of(std::size_t index) noexcept {
    const std::uint64_t width = lowest_of(index + 1) - lowest_of(index);
    return lowest_of(index) + (width - 1) / 2;
  }
};

/// A distribution of durations in microseconds (or of sizes). One thread records, any thread reads.
/// 8 KiB; recording is two plain loads and stores.
class histogram {
 public:
  void record(std::uint64_t value) noexcept {
    bump(buckets_[histogram_buckets::index_of(value)], 1);
    bump(sum_, value);
  }

 private:
  friend class histogram_totals;
  using cell = std::atomic<std::uint64_t>;

  static void bump(cell& c, std::uint64_t n) noexcept {
    c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::array<cell, histogram_buckets::count> buckets_{};
  cell sum_{0};
};

/// Merged histograms, for one reader.
class histogram_totals {
 public:
  void merge(const histogram& shard);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
  /// How many recorded values are at most this one, by their buckets' middles.
  [[nodiscard]] std::uint64_t count_up_to(std::uint64_t value) const noexcept;
  /// The value that `percent` (0 to 100) of all recorded ones do not exceed, within 1.6 %. Zero
  /// when there are none.
  [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;

 private:
  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(histogram_buckets::count);
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace godwit::observe
