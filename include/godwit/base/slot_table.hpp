#pragma once

#include <godwit/base/assert.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace godwit::base {

/// Open addressing from a 32-bit hash to 32-bit values that live elsewhere: the caller compares.
/// 8 bytes a slot, linear probing, deletion by moving back, so no tombstones pile up. Grows at 3/4,
/// shrinks at 1/8. Hashes must come from a seeded function.
class slot_table {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// The value with this hash for which `equal(value)` holds, else `none`.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, const Equal& equal) const {
    if (slots_.empty()) return none;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const slot& s = slots_[at];
      if (s.value == none) return none;
      if (s.hash == hash && equal(s.value)) return s.value;
    }
  }

  /// The value must not be in the table.
  void insert(std::uint32_t hash, std::uint32_t value) {
    GODWIT_ASSERT(value != none);
    if ((size_ + 1) * 4 > slots_.size() * 3) rehash(slots_.empty() ? 16 : slots_.size() * 2);
    place({hash, value});
    ++size_;
  }

  /// The value must be in the table.
  void erase(std::uint32_t hash, std::uint32_t value) {
    GODWIT_ASSERT(size_ > 0);
    std::size_t hole = hash & mask();
    while (slots_[hole].value != value) {
      GODWIT_ASSERT(slots_[hole].value != none);
      hole = (hole + 1) & mask();
    }
    for (std::size_t at = (hole + 1) & mask(); slots_[at].value != none; at = (at + 1) & mask()) {
      // An entry may fill the hole unless its own home lies behind the hole.
      const std::size_t home = slots_[at].hash & mask();
      if (((at - home) & mask()) >= ((at - hole) & mask())) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole].value = none;
    --size_;
    if (slots_.size() > 64 && size_ * 8 < slots_.size()) rehash(slots_.size() / 2);
  }

  void clear() noexcept {
    slots_ = std::vector<slot>{};
    size_ = 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return slots_.capacity() * sizeof(slot);
  }

 private:
  struct slot {
    std::uint32_t hash = 0;
    std::uint32_t value = none;
  };

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  void place(slot s) noexcept {
    std::size_t at = s.hash & mask();
    while (slots_[at].value != none) at = (at + 1) & mask();
    slots_[at] = s;
  }
  void rehash(std::size_t capacity) {
    const std::vector<slot> old = std::exchange(slots_, std::vector<slot>(capacity));
    for (const slot& s : old) {
      if (s.value != none) place(s);
    }
  }

  std::vector<slot> slots_;  // a power of two, or empty
  std::size_t size_ = 0;
};

}  // namespace godwit::base
