#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace godwit::net {

class connection_slots;

/// One connection's place under its listener's limit, given back by the destructor, on whichever
/// shard the connection ends. Eight bytes.
class connection_slot {
 public:
  connection_slot() noexcept = default;
  connection_slot(connection_slot&& other) noexcept
      : slots_{std::exchange(other.slots_, nullptr)} {}
  connection_slot& operator=(connection_slot&& other) noexcept {
    std::swap(slots_, other.slots_);
    return *this;
  }
  ~connection_slot();

 private:
  friend class connection_slots;
  explicit connection_slot(connection_slots* slots) noexcept : slots_{slots} {}
  connection_slots* slots_ = nullptr;
};

/// Counts a listener's open connections over all shards. Outlives its slots. Any thread.
class connection_slots {
 public:
  /// `limit` 0 = none.
  explicit connection_slots(std::uint32_t limit) noexcept : limit_{limit} {}
  connection_slots(const connection_slots&) = delete;
  connection_slots& operator=(const connection_slots&) = delete;

  /// For connections from now on; those that are open stay.
  void set_limit(std::uint32_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }

  /// Nothing when the limit is reached.
  [[nodiscard]] std::optional<connection_slot> take() noexcept {
    const std::uint32_t limit = limit_.load(std::memory_order_relaxed);
    const std::uint32_t before = open_.fetch_add(1, std::memory_order_relaxed);
    if (limit == 0 || before < limit) return connection_slot{this};
    open_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  /// Connections that are open, those included that are being closed.
  [[nodiscard]] std::uint32_t open() const noexcept {
    return open_.load(std::memory_order_relaxed);
  }

 private:
  friend class connection_slot;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint32_t> limit_;
};

inline connection_slot::~connection_slot() {
  if (slots_ != nullptr) slots_->open_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace godwit::net
