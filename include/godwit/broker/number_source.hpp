#pragma once

#include <godwit/mqtt/message.hpp>
#include <godwit/store/store.hpp>

#include <atomic>

namespace godwit::broker {

/// Hands out numbers that are unique in the whole broker and over restarts. Any thread, lock-free.
class number_source {
 public:
  number_source() = default;
  /// Continues above what the store has seen.
  void start_above(const store::high_water& seen) noexcept {
    message_.store(seen.message_number + 1, std::memory_order_relaxed);
    session_.store(seen.session_number + 1, std::memory_order_relaxed);
    version_.store(seen.retain_version + 1, std::memory_order_relaxed);
  }
  /// The first of `count` consecutive message numbers; a shard takes them in blocks.
  [[nodiscard]] std::uint64_t message_numbers(std::uint64_t count) noexcept {
    return message_.fetch_add(count, std::memory_order_relaxed);
  }
  [[nodiscard]] store::session_number session() noexcept {
    return store::session_number{session_.fetch_add(1, std::memory_order_relaxed)};
  }
  /// Order of retained messages over all shards: a publish that begins after another was answered
  /// gets the larger one, whichever shards they meet.
  [[nodiscard]] std::uint64_t retain_version() noexcept {
    return version_.fetch_add(1, std::memory_order_seq_cst);
  }
  /// Whoever takes a version from here on up sees everything that this thread did before the call:
  /// a read-modify-write, so that the two synchronize.
  [[nodiscard]] std::uint64_t retain_horizon() noexcept {
    return version_.fetch_add(0, std::memory_order_seq_cst);
  }

 private:
  std::atomic<std::uint64_t> message_{1};
  std::atomic<std::uint64_t> session_{1};
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace godwit::broker
