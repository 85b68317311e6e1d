#include "submit_queue.hpp"

namespace godwit::store_rocksdb {
namespace {

/// What a batch holds in memory, roughly, and puts on disk.
std::size_t bytes_of(const store::batch& records) noexcept {
  constexpr std::size_t overhead = sizeof(store::record);
  std::size_t bytes = 0;
  for (const store::record& r : records) {
    bytes += overhead;
    if (const auto* const e = std::get_if<store::enqueued>(&r)) {
      bytes += e->message->content_size() + e->share.size();
    } else if (const auto* const w = std::get_if<store::will_stored>(&r)) {
      bytes += w->message->content_size();
    } else if (const auto* const m = std::get_if<store::retained>(&r)) {
      bytes += m->message->content_size();
    }
  }
  return bytes;
}

}  // namespace

submit_queue::pushed submit_queue::push(store::batch&& records) {
  const std::size_t bytes = bytes_of(records);
  pushed out;
  bool must_wake = false;
  {
    const std::scoped_lock guard{lock_};
    waiting_.push_back({std::move(records), bytes});
    out.ticket = last_ticket_.load(std::memory_order_relaxed) + 1;
    last_ticket_.store(out.ticket, std::memory_order_release);
    const std::uint64_t all = bytes_.load(std::memory_order_relaxed) + bytes;
    bytes_.store(all, std::memory_order_relaxed);
    if (all > bytes_max_ && room_.load(std::memory_order_relaxed)) {
      room_.store(false, std::memory_order_release);
      out.room_changed = true;
    }
    must_wake = holds_ == 0 && std::exchange(asleep_, false);
  }
  if (must_wake) news_.notify_one();
  return out;
}

void submit_queue::hold() noexcept {
  const std::scoped_lock guard{lock_};
  ++holds_;
}

void submit_queue::release() noexcept {
  {
    const std::scoped_lock guard{lock_};
    --holds_;
    if (waiting_.empty() || !std::exchange(asleep_, false)) return;
  }
  news_.notify_one();
}

submit_queue::group submit_queue::take(std::size_t bytes_max, std::chrono::milliseconds wait_max) {
  std::unique_lock guard{lock_};
  if (waiting_.empty() && !stopped_ && !woken_ && wait_max.count() != 0) {
    asleep_ = true;
    news_.wait_for(guard, wait_max, [this] { return !asleep_ || stopped_ || woken_; });
    asleep_ = false;
  }
  woken_ = false;
  group out;
  while (!waiting_.empty()) {
    waiting& next = waiting_.front();
    if (!out.batches.empty() && out.bytes + next.bytes > bytes_max) break;
    out.bytes += next.bytes;
    out.batches.push_back(std::move(next.records));
    waiting_.pop_front();
  }
  out.last_ticket = last_ticket_.load(std::memory_order_relaxed) - waiting_.size();
  return out;
}

bool submit_queue::done(std::size_t bytes) noexcept {
  const std::scoped_lock guard{lock_};
  const std::uint64_t left = bytes_.load(std::memory_order_relaxed) - bytes;
  bytes_.store(left, std::memory_order_relaxed);
  if (room_.load(std::memory_order_relaxed) || left > bytes_max_ / 2) return false;
  room_.store(true, std::memory_order_release);
  return true;
}

void submit_queue::pause(std::chrono::milliseconds wait_max) {
  std::unique_lock guard{lock_};
  news_.wait_for(guard, wait_max, [this] { return stopped_ || woken_; });
  woken_ = false;
}

void submit_queue::stop() {
  {
    const std::scoped_lock guard{lock_};
    stopped_ = true;
  }
  news_.notify_all();
}

void submit_queue::wake() {
  {
    const std::scoped_lock guard{lock_};
    woken_ = true;
  }
  news_.notify_all();
}

bool submit_queue::is_stopped() const {
  const std::scoped_lock guard{lock_};
  return stopped_;
}

}  // namespace godwit::store_rocksdb
