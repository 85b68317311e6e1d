#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/prefetch.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace godwit::store_rocksdb {

/// Up to 64 values by index 0 to 63, stored without gaps: 17 bytes and the values. Memory follows
/// the number of values both ways.
template <class T>
class packed_page {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::uint64_t width = 64;

  [[nodiscard]] bool empty() const noexcept { return present_ == 0; }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(std::popcount(present_));
  }
  [[nodiscard]] std::uint64_t present() const noexcept { return present_; }
  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return capacity_ * sizeof(T); }

  [[nodiscard]] T* find(std::uint64_t index) noexcept {
    return (present_ & bit(index)) != 0 ? &values_[rank(index)] : nullptr;
  }
  [[nodiscard]] const T* find(std::uint64_t index) const noexcept {
    return (present_ & bit(index)) != 0 ? &values_[rank(index)] : nullptr;
  }
  /// Where `insert` will most likely write.
  void prefetch_end() const noexcept { base::prefetch(values_.get() + size(), 1); }
  T& insert(std::uint64_t index, T value) {
    GODWIT_ASSERT((present_ & bit(index)) == 0);
    const std::uint32_t count = size();
    if (count == capacity_) resize(capacity_ == 0 ? 1U : capacity_ * 2U);
    const std::uint32_t at = rank(index);
    std::move_backward(&values_[0] + at, &values_[0] + count, &values_[0] + count + 1);
    values_[at] = value;
    present_ |= bit(index);
    return values_[at];
  }
  void erase(std::uint64_t index) {
    GODWIT_ASSERT((present_ & bit(index)) != 0);
    const std::uint32_t count = size();
    const std::uint32_t at = rank(index);
    std::move(&values_[0] + at + 1, &values_[0] + count, &values_[0] + at);
    present_ &= ~bit(index);
    if (count - 1 <= capacity_ / 4U) resize(capacity_ / 2U);
  }

 private:
  [[nodiscard]] static std::uint64_t bit(std::uint64_t index) noexcept {
    return std::uint64_t{1} << index;
  }
  [[nodiscard]] std::uint32_t rank(std::uint64_t index) const noexcept {
    return static_cast<std::uint32_t>(std::popcount(present_ & (bit(index) - 1)));
  }
  void resize(std::uint32_t capacity) {
    std::unique_ptr<T[]> fresh;
    if (capacity != 0) {
      fresh.reset(new T[capacity]);
      std::copy_n(values_.get(), std::min(size(), capacity), fresh.get());
    }
    values_ = std::move(fresh);
    capacity_ = static_cast<std::uint8_t>(capacity);
  }

  std::uint64_t present_ = 0;
  std::unique_ptr<T[]> values_;
  std::uint8_t capacity_ = 0;
};

}  // namespace godwit::store_rocksdb
