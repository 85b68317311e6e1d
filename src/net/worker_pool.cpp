#include <godwit/net/signals_blocked.hpp>
#include <godwit/net/worker_pool.hpp>

#include <pthread.h>

#include <utility>

namespace godwit::net {

worker_pool::worker_pool(std::size_t threads, std::size_t queue_max) : queue_max_{queue_max} {
  const signals_blocked here;
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), "godwit/work");
  }
}

worker_pool::~worker_pool() {
  stop();
}

bool worker_pool::submit(std::function<void()> work) {
  {
    const std::lock_guard lock{mutex_};
    if (is_stopped_ || waiting_.size() >= queue_max_) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void worker_pool::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock{mutex_};
    is_stopped_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  for (std::thread& t : threads_) {
    if (t.joinable()) t.join();
  }
}

void worker_pool::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return is_stopped_ || !waiting_.empty(); });
      if (is_stopped_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace godwit::net
