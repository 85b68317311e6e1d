#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace godwit::net {

/// A few threads, named "godwit/work", for what would hold up a shard. The queue is bounded; work
/// is done in its order, several at a time. Usable on any thread.
class worker_pool {
 public:
  worker_pool(std::size_t threads, std::size_t queue_max);
  /// As `stop`.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// False: the queue is full, or the pool has stopped. `work` does not throw.
  [[nodiscard]] bool submit(std::function<void()> work);
  /// Waits for what is being done and drops what waits.
  void stop();

 private:
  void run();

  std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool is_stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace godwit::net
