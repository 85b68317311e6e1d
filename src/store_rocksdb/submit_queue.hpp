#pragma once

#include <godwit/store/records.hpp>
#include <godwit/store/store.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace godwit::store_rocksdb {

/// Batches on their way to the committer. Its lock is held for a push onto a vector.
class submit_queue {
 public:
  explicit submit_queue(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  struct pushed {
    std::uint64_t ticket = 0;
    bool room_changed = false;
  };
  [[nodiscard]] pushed push(store::batch&& records);

  /// A push between these two wakes no committer; `release` does, whoever else holds.
  void hold() noexcept;
  void release() noexcept;

  struct group {
    std::vector<store::batch> batches;
    std::size_t bytes = 0;
    std::uint64_t last_ticket = 0;
  };
  /// Committer: up to `bytes_max`, at least one batch if there is one. Waits until there is one,
  /// `stop` or `wake` was called, or the time is up.
  [[nodiscard]] group take(std::size_t bytes_max, std::chrono::milliseconds wait_max);
  /// Committer: these bytes wait no more. True if there is room again.
  [[nodiscard]] bool done(std::size_t bytes) noexcept;
  /// Committer: waits without taking.
  void pause(std::chrono::milliseconds wait_max);

  void stop();
  void wake();
  [[nodiscard]] bool is_stopped() const;
  [[nodiscard]] bool has_room() const noexcept { return room_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t last_ticket() const noexcept {
    return last_ticket_.load(std::memory_order_acquire);
  }

 private:
  struct waiting {
    store::batch records;
    std::size_t bytes = 0;
  };

  std::size_t bytes_max_;
  mutable std::mutex lock_;
  std::condition_variable news_;
  std::deque<waiting> waiting_;
  std::uint32_t holds_ = 0;
  bool asleep_ = false;
  bool woken_ = false;
  bool stopped_ = false;
  std::atomic<std::uint64_t> last_ticket_{0};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> room_{true};
};

}  // namespace godwit::store_rocksdb
