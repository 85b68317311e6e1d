#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>

#include <cstdint>

namespace godwit::broker {

#ifdef GODWIT_KEEPS_BOOKS

/// Both sums of the balance for one session: what its client published, and the copies that were
/// made for it. They are checked against what is there: its log, and the operations that wait.
/// Only test builds (Debug) keep them, and stop at once when they do not add up.
class client_books {
 public:
  static constexpr bool are_kept = true;

  void copy_made(std::uint64_t count = 1) noexcept { made_ += count; }
  /// Delivered, expired, dropped, handed over to another session, or ended with this one.
  void copy_gone(std::uint64_t count = 1) noexcept { gone_ += count; }
  void publish_taken() noexcept { ++taken_; }
  /// Refused, routed, without subscriber, or given to the one other shard that counts it.
  void publish_settled() noexcept { ++settled_; }

  void check_copies(std::uint64_t in_log) const noexcept {
    GODWIT_ASSERT(made_ == gone_ + in_log || has_seeded_bug());
  }
  void check_publishes(std::uint64_t waiting) const noexcept {
    GODWIT_ASSERT(taken_ == settled_ + waiting || has_seeded_bug());
  }

 private:
  static bool has_seeded_bug() noexcept {
#ifdef GODWIT_SEEDED_BUGS
    return !base::seeded::is_on(base::seeded::bug::none);
#else
    return false;
#endif
  }

  std::uint64_t made_ = 0;
  std::uint64_t gone_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t settled_ = 0;
};

#else

class client_books {
 public:
  static constexpr bool are_kept = false;
  void copy_made(std::uint64_t = 1) noexcept {}
  void copy_gone(std::uint64_t = 1) noexcept {}
  void publish_taken() noexcept {}
  void publish_settled() noexcept {}
  void check_copies(std::uint64_t) const noexcept {}
  void check_publishes(std::uint64_t) const noexcept {}
};

#endif

}  // namespace godwit::broker
