#pragma once

#include <godwit/base/assert.hpp>

#include <atomic>
#include <cstddef>
#include <limits>
#include <utility>

namespace godwit::base {

/// Hands values from many threads to one, lock-free: the mailbox of a shard. First in, first out
/// per producer. One allocation per value, so a producer pushes batches.
///
/// Sleeping: when the consumer has nothing to do, it calls `announce_sleep`. False means that
/// values are waiting: it drains instead. After true, the first `push` answers true, once, and its
/// producer must wake the consumer (eventfd). A consumer that wakes for another reason just drains,
/// which ends the announcement. Announcement and values share one atomic word, so no wake-up is
/// lost and none is sent in vain, but for one that is under way while the consumer drains.
template <class T>
class mpsc_queue {
 public:
  mpsc_queue() noexcept = default;
  mpsc_queue(const mpsc_queue&) = delete;
  mpsc_queue& operator=(const mpsc_queue&) = delete;
  /// No producer may be left.
  ~mpsc_queue() {
    take_all();
    while (taken_ != nullptr) delete pop();
  }

  /// Any thread. True when the consumer sleeps and the caller must wake it.
  [[nodiscard]] bool push(T value) {
    auto* const fresh = new node{{}, std::move(value)};
    link* head = head_.load(std::memory_order_relaxed);
    do {
      fresh->next = head == &asleep_ ? nullptr : head;
    } while (!head_.compare_exchange_weak(head, fresh, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return head == &asleep_;
  }

  /// Consumer only. Calls `f(T&&)` for at most `limit` values in their order; the rest waits for
  /// the next call. Ends an announced sleep. Returns how many. `f` may push into this queue.
  template <class F>
  std::size_t drain(F&& f, std::size_t limit = std::numeric_limits<std::size_t>::max()) {
    std::size_t count = 0;
    take_all();
    while (taken_ != nullptr && count < limit) {
      node* const first = pop();
      T value = std::move(first->value);
      delete first;
      ++count;
      f(std::move(value));
    }
    return count;
  }

  /// Consumer only. True: nothing waits, and the next `push` answers true. False: drain first.
  [[nodiscard]] bool announce_sleep() noexcept {
    if (taken_ != nullptr) return false;
    link* expected = nullptr;
    return head_.compare_exchange_strong(expected, &asleep_, std::memory_order_acq_rel,
                                         std::memory_order_acquire) ||
           expected == &asleep_;
  }

 private:
  struct link {
    link* next = nullptr;
  };
  struct node : link {
    node(link l, T v) : link{l}, value{std::move(v)} {}
    T value;
  };

  /// Appends what was pushed, newest first, to `taken_`, oldest first.
  void take_all() noexcept {
    link* newest = head_.exchange(nullptr, std::memory_order_acq_rel);
    if (newest == &asleep_ || newest == nullptr) return;
    link* const last = newest;
    link* oldest = nullptr;
    while (newest != nullptr) {
      link* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    (taken_ == nullptr ? taken_ : taken_last_->next) = oldest;
    taken_last_ = last;
  }

  [[nodiscard]] node* pop() noexcept {
    auto* const first = static_cast<node*>(taken_);
    taken_ = first->next;
    return first;
  }

  static constexpr std::size_t line = 64;

  alignas(line) std::atomic<link*> head_{nullptr};  // written by all
  link asleep_;                                     // only its address counts
  alignas(line) link* taken_ = nullptr;             // the consumer's
  link* taken_last_ = nullptr;
};

}  // namespace godwit::base
