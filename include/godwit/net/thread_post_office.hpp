#pragma once

#include <godwit/base/mpsc_queue.hpp>
#include <godwit/broker/post_office.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

namespace godwit::net {

/// Mail between the shards' threads: one lock-free inbox per shard, a wake-up only when the
/// receiver sleeps. Batches of one pair stay in order. Outlives the threads.
class thread_post_office final : public broker::post_office {
 public:
  explicit thread_post_office(std::size_t shards);

  /// How to wake a shard that sleeps; called on any thread. Set before mail is posted.
  void set_wake(routing::shard_id shard, std::function<void()> wake);

  // Any thread
  void post(routing::shard_id from, routing::shard_id to, broker::mail_batch&& batch) override;
  /// Makes a shard look around: something it reads by itself has changed (the store's durable
  /// ticket, a request to stop). Many nudges between two rounds of the shard are one.
  void nudge(routing::shard_id shard);
  void nudge_all();
  /// No batch is on its way, unless a shard posts one meanwhile: when no shard posts but in answer
  /// to mail, nothing comes any more.
  [[nodiscard]] bool is_quiet() const noexcept;

  // The thread of `shard`
  /// Hands at most `limit` batches to `take(from, mail_batch&&)`; an empty one is a nudge. Returns
  /// how many.
  template <class F>
  std::size_t deliver(routing::shard_id shard, std::size_t limit, F&& take) {
    inbox& in = inboxes_[shard.value()];
    return in.letters.drain(
        [&](envelope&& e) {
          // Whoever nudges after this is heard again; what was written before a nudge is seen now.
          const bool is_nudge = e.batch.letters.empty();
          if (is_nudge) in.nudged.exchange(false, std::memory_order_acq_rel);
          take(e.from, std::move(e.batch));
          if (!is_nudge) count(in.received);
        },
        limit);
  }
  /// True: nothing waits, and whoever posts next wakes the shard. False: deliver first.
  [[nodiscard]] bool announce_sleep(routing::shard_id shard) noexcept;

 private:
  struct envelope {
    routing::shard_id from;
    broker::mail_batch batch;
  };
  struct inbox {
    base::mpsc_queue<envelope> letters;
    std::atomic<bool> nudged{false};
    std::function<void()> wake;
    // Batches, counted by the shard's own thread.
    std::atomic<std::uint64_t> posted{0};
    std::atomic<std::uint64_t> received{0};
  };
  static void count(std::atomic<std::uint64_t>& mine) noexcept {
    mine.store(mine.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  void put(inbox& in, envelope&& e);

  std::vector<inbox> inboxes_;
};

}  // namespace godwit::net
