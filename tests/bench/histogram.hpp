#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace godwit::bench {

/// Latencies in buckets of at most 1.6 % width (64 to each power of two), so that recording one
/// costs a few nanoseconds whatever the run's length. The maximum is exact.
class histogram {
 public:
  void record(std::chrono::nanoseconds value);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }
  /// `share` in (0, 1]; zero when nothing was recorded.
  [[nodiscard]] std::chrono::nanoseconds percentile(double share) const;

 private:
  static constexpr std::size_t sub_bits = 6;
  static constexpr std::size_t octaves = 64 - sub_bits;

  std::array<std::uint64_t, (octaves + 1) << sub_bits> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace godwit::bench
