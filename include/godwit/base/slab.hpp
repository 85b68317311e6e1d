#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/base/handle.hpp>
#include <godwit/base/prefetch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace godwit::base {

/// Owns objects of one type at stable addresses and names them by generational handles. Places are
/// reused, memory comes in chunks of `ChunkSize` objects; all chunks but the first are given back
/// when the last object goes. All operations are O(1) but `for_each`. For one thread.
///
/// A place has 2^31 generations before one comes again; nobody may keep a stale handle that long.
template <class T, std::uint32_t ChunkSize = 64>
class slab {
  static_assert(std::has_single_bit(ChunkSize));

 public:
  using handle_type = handle<T>;

  slab() noexcept = default;
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;
  ~slab() {
    for (std::uint32_t index = 0; index < used_; ++index) {
      if (is_live(cell_at(index))) std::destroy_at(&cell_at(index).value);
    }
  }

  /// Constructs an object. The handle names it until `erase`.
  template <class... Args>
  handle_type emplace(Args&&... args) {
    const std::uint32_t index = free_ != none ? free_ : used_;
    if (index == chunks_.size() * ChunkSize) add_chunk();
    cell& place = cell_at(index);
    const std::uint32_t next = place.next_free;
    try {
      std::construct_at(&place.value, std::forward<Args>(args)...);
    } catch (...) {
      place.next_free = next;
      throw;
    }
    if (index == free_) {
      free_ = next;
    } else {
      ++used_;
    }
    ++place.generation;
    ++size_;
    return {index, place.generation};
  }

  /// The object, or nullptr when it is gone or the handle names none.
  [[nodiscard]] T* find(handle_type h) noexcept {
    if (h.index >= used_) return nullptr;
    cell& place = cell_at(h.index);
    return place.generation == h.generation && is_live(place) ? &place.value : nullptr;
  }
  [[nodiscard]] const T* find(handle_type h) const noexcept {
    return const_cast<slab*>(this)->find(h);
  }

  /// The object, which must be there.
  [[nodiscard]] T& at(handle_type h) noexcept {
    T* const object = find(h);
    GODWIT_ASSERT(object != nullptr);
    return *object;
  }
  [[nodiscard]] const T& at(handle_type h) const noexcept { return const_cast<slab*>(this)->at(h); }

  /// The live object at a place, for owners that link their objects by index.
  [[nodiscard]] T& operator[](std::uint32_t index) noexcept {
    GODWIT_ASSERT(index < used_ && is_live(cell_at(index)));
    return cell_at(index).value;
  }

  /// The handle of the live object at a place.
  [[nodiscard]] handle_type handle_of(std::uint32_t index) const noexcept {
    GODWIT_ASSERT(index < used_ && is_live(cell_at(index)));
    return {index, cell_at(index).generation};
  }

  /// `find` of a place comes soon: asks for the first `octets` of its object and for its
  /// generation.
  void prefetch(std::uint32_t index, std::size_t octets = sizeof(T)) const noexcept {
    if (index >= used_) return;
    const cell& place = cell_at(index);
    base::prefetch(&place, octets);
    base::prefetch(&place.generation, 1);
  }

  /// Destroys the object, which must be there. Its destructor must not use this slab.
  void erase(handle_type h) noexcept {
    std::destroy_at(&at(h));
    cell& place = cell_at(h.index);
    ++place.generation;
    place.next_free = std::exchange(free_, h.index);
    --size_;
    if (size_ == 0 && chunks_.size() > 1) release_chunks();
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Bytes of all chunks, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept {
    return chunks_.size() * sizeof(chunk);
  }
  /// Bytes that one more object takes, the chunk table aside.
  [[nodiscard]] static constexpr std::size_t bytes_per_object() noexcept { return sizeof(cell); }

  /// Calls `f(handle, T&)` for every object, in the order of places. `f` may erase any object; one
  /// that `f` adds may or may not be visited.
  template <class F>
  void for_each(F&& f) {
    for (std::uint32_t index = 0; index < used_; ++index) {
      cell& place = cell_at(index);
      if (is_live(place)) f(handle_type{index, place.generation}, place.value);
    }
  }

  /// The same over at most `places` places from `from` on; returns where to go on, nothing when
  /// those were the last.
  template <class F>
  std::optional<std::uint32_t> for_each_of(std::uint32_t from, std::uint32_t places, F&& f) {
    std::uint32_t index = from;
    for (; index < used_ && index - from < places; ++index) {
      cell& place = cell_at(index);
      if (is_live(place)) f(handle_type{index, place.generation}, place.value);
    }
    if (index < used_) return index;
    return std::nullopt;
  }

 private:
  static constexpr std::uint32_t none = 0xffff'ffffU;

  struct cell {
    cell() noexcept : next_free{none} {}
    ~cell() {}
    cell(const cell&) = delete;
    cell& operator=(const cell&) = delete;

    union {
      T value;
      std::uint32_t next_free;
    };
    std::uint32_t generation = 0;  // odd while `value` lives
  };
  using chunk = std::array<cell, ChunkSize>;

  [[nodiscard]] static bool is_live(const cell& place) noexcept {
    return (place.generation & 1U) != 0;
  }
  [[nodiscard]] cell& cell_at(std::uint32_t index) noexcept {
    return (*chunks_[index / ChunkSize])[index % ChunkSize];
  }
  [[nodiscard]] const cell& cell_at(std::uint32_t index) const noexcept {
    return (*chunks_[index / ChunkSize])[index % ChunkSize];
  }

  void add_chunk() {
    GODWIT_ASSERT(chunks_.size() < none / ChunkSize);
    auto fresh = std::make_unique<chunk>();
    for (cell& place : *fresh) place.generation = first_generation_;
    chunks_.push_back(std::move(fresh));
  }

  /// Places that come back later start above every generation they ever had.
  void release_chunks() noexcept {
    for (std::uint32_t index = ChunkSize; index < used_; ++index) {
      first_generation_ = std::max(first_generation_, cell_at(index).generation);
    }
    chunks_.resize(1);
    chunks_.shrink_to_fit();
    free_ = none;
    used_ = ChunkSize;
    for (std::uint32_t index = ChunkSize; index-- > 0;) {
      cell_at(index).next_free = std::exchange(free_, index);
    }
  }

  std::vector<std::unique_ptr<chunk>> chunks_;
  std::uint32_t free_ = none;
  std::uint32_t used_ = 0;  // places below have been used at least once
  std::uint32_t size_ = 0;
  std::uint32_t first_generation_ = 0;
};

}  // namespace godwit::base
