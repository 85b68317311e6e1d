#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/prefetch.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

namespace godwit::base {

/// A queue with access by position from its front, for queues that may become very long: up to one
/// chunk it is a ring that grows by powers of two; beyond, it is made of chunks, which come and go
/// with their values, so that a long queue wastes at most two chunks. Starts without memory, takes
/// 24 bytes itself. Positions change with `pop_front`; references break when it grows or shrinks.
template <class T>
class chunked_ring {
  static_assert(std::is_nothrow_move_constructible_v<T>);

 public:
  static constexpr std::uint32_t chunk = 128;

  chunked_ring() noexcept = default;
  chunked_ring(const chunked_ring&) = delete;
  chunked_ring& operator=(const chunked_ring&) = delete;
  chunked_ring(chunked_ring&& other) noexcept
      : cells_{std::exchange(other.cells_, nullptr)},
        capacity_{std::exchange(other.capacity_, 0U)},
        head_{std::exchange(other.head_, 0U)},
        size_{std::exchange(other.size_, 0U)} {}
  chunked_ring& operator=(chunked_ring&& other) noexcept {
    if (this != &other) {
      clear();
      std::swap(cells_, other.cells_);
      std::swap(capacity_, other.capacity_);
      std::swap(head_, other.head_);
      std::swap(size_, other.size_);
    }
    return *this;
  }
  ~chunked_ring() { clear(); }

  /// The arguments must not refer into this ring.
  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (is_small() ? size_ == capacity_ : size_ + head_ % chunk == capacity_) grow();
    if (!is_small() && place(size_) % chunk == 0) {
      table()[place(size_) / chunk] = std::allocator<T>{}.allocate(chunk);
    }
    T* const made = std::construct_at(cell(size_), std::forward<Args>(args)...);
    ++size_;
    return *made;
  }
  void push_back(T value) { emplace_back(std::move(value)); }
  void pop_front() noexcept {
    std::destroy_at(&front());
    const std::uint32_t old = head_;
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    if (!is_small() && (head_ % chunk == 0 || size_ == 0)) drop_chunk(old / chunk);
  }
  void pop_back() noexcept {
    std::destroy_at(&back());
    --size_;
    if (!is_small() && (place(size_) % chunk == 0 || size_ == 0)) drop_chunk(place(size_) / chunk);
  }

  [[nodiscard]] T& operator[](std::uint32_t position) noexcept {
    GODWIT_ASSERT(position < size_);
    return *cell(position);
  }
  [[nodiscard]] const T& operator[](std::uint32_t position) const noexcept {
    return const_cast<chunked_ring&>(*this)[position];
  }
  [[nodiscard]] T& front() noexcept { return (*this)[0]; }
  [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
  [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

  /// `emplace_back` comes soon: asks for what leads to its place, and, when that is there, for the
  /// place.
  void prefetch_way() const noexcept {
    if (!is_small()) base::prefetch(table() + place(size_) / chunk, 1);
  }
  void prefetch_place() const noexcept {
    if (capacity_ != 0) base::prefetch(cell(size_), sizeof(T));
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Heap bytes, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept {
    if (is_small()) return capacity_ * sizeof(T);
    const std::size_t chunks = (std::size_t{head_ % chunk} + size_ + chunk - 1) / chunk;
    return chunks * chunk * sizeof(T) + capacity_ / chunk * sizeof(T*);
  }

  /// Gives memory back that a burst has left: call it now and then after values have gone. Moves
  /// the values only when three quarters of the places are free, so what went has paid for it.
  void shrink() {
    constexpr std::uint32_t keep = 64;
    if (capacity_ <= keep || size_ >= capacity_ / 4) return;
    chunked_ring kept;
    while (size_ != 0) {
      kept.push_back(std::move(front()));
      pop_front();
    }
    *this = std::move(kept);
  }
  /// Destroys all values and gives the memory back.
  void clear() noexcept {
    while (size_ != 0) pop_front();
    if (is_small()) {
      if (capacity_ != 0) std::allocator<T>{}.deallocate(small_cells(), capacity_);
    } else {
      std::allocator<T*>{}.deallocate(table(), capacity_ / chunk);
    }
    cells_ = nullptr;
    capacity_ = 0;
    head_ = 0;
  }

 private:
  static constexpr std::uint32_t first_capacity = 4;

  [[nodiscard]] bool is_small() const noexcept { return capacity_ <= chunk; }
  [[nodiscard]] T* small_cells() const noexcept { return static_cast<T*>(cells_); }
  [[nodiscard]] T** table() const noexcept { return static_cast<T**>(cells_); }
  [[nodiscard]] std::uint32_t place(std::uint32_t position) const noexcept {
    return (head_ + position) & (capacity_ - 1);
  }
  [[nodiscard]] T* cell(std::uint32_t position) const noexcept {
    const std::uint32_t at = place(position);
    return is_small() ? small_cells() + at : table()[at / chunk] + at % chunk;
  }
  void drop_chunk(std::uint32_t index) noexcept {
    std::allocator<T>{}.deallocate(std::exchange(table()[index], nullptr), chunk);
    if (size_ == 0) head_ = 0;
  }

  void grow() {
    GODWIT_ASSERT(capacity_ <= std::numeric_limits<std::uint32_t>::max() / 4);
    if (is_small()) {
      move_to_one_block(capacity_ < chunk ? std::max(first_capacity, capacity_ * 2) : chunk);
      if (size_ < capacity_) return;
      // The block becomes the first chunk.
      T** const chunks = make_table(4);
      chunks[0] = small_cells();
      cells_ = chunks;
      capacity_ = 4 * chunk;
      return;
    }
    const std::uint32_t slots = capacity_ / chunk;
    T** const chunks = make_table(slots * 2);
    for (std::uint32_t i = 0; i < slots; ++i) {
      chunks[i] = table()[(head_ / chunk + i) & (slots - 1)];
    }
    std::allocator<T*>{}.deallocate(table(), slots);
    cells_ = chunks;
    capacity_ *= 2;
    head_ %= chunk;
  }
  void move_to_one_block(std::uint32_t wider) {
    T* const fresh = std::allocator<T>{}.allocate(wider);
    for (std::uint32_t i = 0; i < size_; ++i) {
      std::construct_at(fresh + i, std::move(*cell(i)));
      std::destroy_at(cell(i));
    }
    if (capacity_ != 0) std::allocator<T>{}.deallocate(small_cells(), capacity_);
    cells_ = fresh;
    capacity_ = wider;
    head_ = 0;
  }
  [[nodiscard]] static T** make_table(std::uint32_t slots) {
    T** const chunks = std::allocator<T*>{}.allocate(slots);
    std::fill_n(chunks, slots, nullptr);
    return chunks;
  }

  void* cells_ = nullptr;       // one block of `capacity_` values, or a table of chunks
  std::uint32_t capacity_ = 0;  // places: a power of two, or none
  std::uint32_t head_ = 0;      // place of the first value
  std::uint32_t size_ = 0;
};

}  // namespace godwit::base
