#include <godwit/observe/histogram.hpp>

#include <cmath>

namespace godwit::observe {

void histogram_totals::merge(const histogram& shard) {
  for (std::size_t i = 0; i < histogram_buckets::count; ++i) {
    const std::uint64_t n = shard.buckets_[i].load(std::memory_order_relaxed);
    buckets_[i] += n;
    count_ += n;
  }
  sum_ += shard.sum_.load(std::memory_order_relaxed);
}

std::uint64_t histogram_totals::count_up_to(std::uint64_t value) const noexcept {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (histogram_buckets::middle_of(i) > value) break;
    n += buckets_[i];
  }
  return n;
}

std::uint64_t histogram_totals::percentile(double percent) const noexcept {
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < histogram_buckets::count; ++i) {
    seen += buckets_[i];
    if (seen != 0 && seen >= wanted) return histogram_buckets::middle_of(i);
  }
  return 0;
}

}  // namespace godwit::observe
