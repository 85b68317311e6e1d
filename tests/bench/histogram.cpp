#include "histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace godwit::bench {

void histogram::record(std::chrono::nanoseconds value) {
  const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  std::size_t index = v;
  if (v >= (std::uint64_t{1} << sub_bits)) {
    const auto shift = static_cast<std::size_t>(std::bit_width(v)) - sub_bits - 1;
    index = ((shift + 1) << sub_bits) | ((v >> shift) & ((std::size_t{1} << sub_bits) - 1));
  }
  ++buckets_[index];
  ++count_;
  max_ = std::max(max_, value);
}

std::chrono::nanoseconds histogram::percentile(double share) const {
  if (count_ == 0) return std::chrono::nanoseconds{0};
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < buckets_.size(); ++index) {
    seen += buckets_[index];
    if (seen < rank) continue;
    const std::size_t octave = index >> sub_bits;
    std::uint64_t upper = index;
    if (octave > 0) {
      const std::size_t shift = octave - 1;
      const std::uint64_t mantissa =
          (index & ((std::size_t{1} << sub_bits) - 1)) | (std::uint64_t{1} << sub_bits);
      upper = ((mantissa + 1) << shift) - 1;
    }
    return std::min(max_, std::chrono::nanoseconds{static_cast<std::int64_t>(upper)});
  }
  return max_;
}

}  // namespace godwit::bench
