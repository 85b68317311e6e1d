#pragma once

#include <godwit/base/ring.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>

namespace godwit::store {

/// One message of a session's log as the tables keep it.
struct memory_entry {
  restored_entry what;
  mqtt::message_number commit{};  ///< not 0: tentative, waits for this number
};

/// The messages of one session, ordered by position. Made for what a log sees: appending, and
/// removal at or near the front. A removed entry behind the front leaves a hole that is closed once
/// the front reaches it, or once holes outnumber entries; so the memory is bounded by the entries
/// that are left.
class memory_log {
 public:
  /// A position comes once.
  void insert(memory_entry entry);
  /// Nothing if it is gone.
  [[nodiscard]] memory_entry* find(log_position position) noexcept;
  void erase(log_position position);
  template <class Predicate>
  void erase_if(Predicate&& predicate);
  template <class Visitor>
  void for_each(Visitor&& visit) const;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - holes_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

 private:
  static constexpr std::uint32_t idle_capacity = 16;

  [[nodiscard]] static bool is_hole(const memory_entry& e) noexcept { return !e.what.message; }
  [[nodiscard]] std::uint32_t lower_bound(log_position position) const noexcept;
  void make_hole(std::uint32_t index);
  void trim();
  void close_holes();

  base::ring<memory_entry> entries_;
  std::uint32_t holes_ = 0;
};

template <class Predicate>
void memory_log::erase_if(Predicate&& predicate) {
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (!is_hole(entries_[i]) && predicate(entries_[i])) make_hole(i);
  }
  trim();
}

template <class Visitor>
void memory_log::for_each(Visitor&& visit) const {
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (!is_hole(entries_[i])) visit(entries_[i]);
  }
}

}  // namespace godwit::store
