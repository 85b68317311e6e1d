#pragma once

#include <godwit/base/assert.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace godwit::base {

/// A queue with access by position from its front. Grows by powers of two, starts without memory,
/// takes 24 bytes itself. Positions change with `pop_front`; references break when it grows.
template <class T>
class ring {
  static_assert(std::is_nothrow_move_constructible_v<T>);

 public:
  ring() noexcept = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ring(ring&& other) noexcept
      : cells_{std::exchange(other.cells_, nullptr)},
        capacity_{std::exchange(other.capacity_, 0U)},
        head_{std::exchange(other.head_, 0U)},
        size_{std::exchange(other.size_, 0U)} {}
  ring& operator=(ring&& other) noexcept {
    if (this != &other) {
      clear();
      std::swap(cells_, other.cells_);
      std::swap(capacity_, other.capacity_);
      std::swap(head_, other.head_);
      std::swap(size_, other.size_);
    }
    return *this;
  }
  ~ring() { clear(); }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) {
      // The arguments may refer into this ring, so the value is made before the move.
      T value(std::forward<Args>(args)...);
      grow();
      return *construct_back(std::move(value));
    }
    return *construct_back(std::forward<Args>(args)...);
  }
  void push_back(T value) { emplace_back(std::move(value)); }

  void pop_front() noexcept {
    std::destroy_at(&front());
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() noexcept {
    std::destroy_at(&back());
    --size_;
  }

  [[nodiscard]] T& operator[](std::uint32_t position) noexcept {
    GODWIT_ASSERT(position < size_);
    return cells_[(head_ + position) & (capacity_ - 1)];
  }
  [[nodiscard]] const T& operator[](std::uint32_t position) const noexcept {
    return const_cast<ring&>(*this)[position];
  }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
  [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  /// Heap bytes, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return capacity_ * sizeof(T); }

  /// Destroys all values and gives the memory back.
  void clear() noexcept {
    while (size_ != 0) pop_front();
    if (cells_ != nullptr) std::allocator<T>{}.deallocate(cells_, capacity_);
    cells_ = nullptr;
    capacity_ = 0;
    head_ = 0;
  }

 private:
  static constexpr std::uint32_t first_capacity = 4;

  template <class... Args>
  T* construct_back(Args&&... args) {
    T* const cell = &cells_[(head_ + size_) & (capacity_ - 1)];
    std::construct_at(cell, std::forward<Args>(args)...);
    ++size_;
    return cell;
  }

  void grow() {
    GODWIT_ASSERT(capacity_ <= std::numeric_limits<std::uint32_t>::max() / 4);
    const std::uint32_t wider = std::max(first_capacity, capacity_ * 2);
    T* const fresh = std::allocator<T>{}.allocate(wider);
    for (std::uint32_t i = 0; i < size_; ++i) {
      T& old = (*this)[i];
      std::construct_at(fresh + i, std::move(old));
      std::destroy_at(&old);
    }
    if (cells_ != nullptr) std::allocator<T>{}.deallocate(cells_, capacity_);
    cells_ = fresh;
    capacity_ = wider;
    head_ = 0;
  }

  T* cells_ = nullptr;
  std::uint32_t capacity_ = 0;  // a power of two, or none
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace godwit::base
