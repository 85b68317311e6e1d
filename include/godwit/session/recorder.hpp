#pragma once

#include <godwit/store/records.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace godwit::session {

/// Numbers the store batches of one shard in the order they are submitted. 0 means "no batch". 64
/// bits, because a session that is away for days still names the batch of its last change.
class batch_number {
 public:
  constexpr batch_number() noexcept = default;
  constexpr explicit batch_number(std::uint64_t value) noexcept : value_{value} {}

  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }
  [[nodiscard]] constexpr bool is_none() const noexcept { return value_ == 0; }
  [[nodiscard]] constexpr batch_number next() const noexcept { return batch_number{value_ + 1}; }
  /// Has this batch become durable once `durable` has?
  [[nodiscard]] constexpr bool is_covered_by(batch_number durable) const noexcept {
    return value_ <= durable.value_;
  }
  friend constexpr bool operator==(batch_number, batch_number) noexcept = default;

 private:
  std::uint64_t value_ = 0;
};

/// Where the durable changes of a shard's turn are written down. One batch is open at a time; it is
/// submitted at the end of the turn, and then the next number opens.
class recorder {
 public:
  void write(store::record r) {
    if (batch_.empty()) batch_.reserve(size_of_last_);  // one like it is likely
    batch_.push_back(std::move(r));
  }
  [[nodiscard]] batch_number open_batch() const noexcept { return open_; }
  /// What the open batch waits for at the least: nothing if it is empty.
  [[nodiscard]] bool is_empty() const noexcept { return batch_.empty(); }
  /// Takes the batch to submit it; the next one opens.
  [[nodiscard]] store::batch take() {
    open_ = open_.next();
    size_of_last_ = batch_.size();
    return std::exchange(batch_, {});
  }

 private:
  store::batch batch_;
  std::size_t size_of_last_ = 1;
  batch_number open_{1};
};

}  // namespace godwit::session
