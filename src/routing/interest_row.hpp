#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace godwit::routing {

/// 32-bit counters by 32-bit key: written by one thread, read by any without a lock. A slot is one
/// atomic word, {key, counter}; the keys are kept, so that a row can be copied into a larger one,
/// and so that two keys share a counter only when all 32 bits collide.
///
/// Why readers never miss a key whose `add` happened before: its slot does not move while its
/// counter is above zero, and no slot on the way to it becomes vacant, because only a slot with a
/// vacant one right behind it does.
class interest_row {
 public:
  static constexpr std::uint32_t counter_max = std::numeric_limits<std::uint32_t>::max();

  interest_row();
  ~interest_row();
  interest_row(const interest_row&) = delete;
  interest_row& operator=(const interest_row&) = delete;

  /// Writer. True if the counter left zero. `by` is more than one only in tests.
  bool add(std::uint32_t key, std::uint32_t by = 1);
  /// Writer; the key has a counter. True if that came to zero. A counter that has reached its
  /// maximum has forgotten how many there were and stays.
  bool remove(std::uint32_t key);

  /// Any thread.
  [[nodiscard]] bool contains(std::uint32_t key) const noexcept;
  /// Sum of all counters. Any thread.
  [[nodiscard]] std::uint64_t total() const noexcept {
    return total_.load(std::memory_order_relaxed);
  }
  /// Writer: slots of the present table.
  [[nodiscard]] std::size_t capacity() const noexcept;

 private:
  struct table;

  [[nodiscard]] static table& grown(const table& from, std::vector<std::unique_ptr<table>>& all);

  std::vector<std::unique_ptr<table>>
      tables_;  // the last is the present one; readers may be in any
  std::atomic<table*> present_;
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace godwit::routing
