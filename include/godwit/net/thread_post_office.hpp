#pragma once

#include <godwit/base/mpsc_queue.hpp>
#include <godwit/broker/post_office.hpp>

#include <atomic>
#include <cstddef>
#include <vector>

namespace godwit::net {

/// A shard that sleeps, to those who have something for it.
class sleeper {
 public:
  virtual ~sleeper() = default;
  /// Wakes its thread. Any thread.
  virtual void ring() noexcept = 0;
  /// Has its turn on the calling thread, another shard's, and leaves it asleep. False: it is not
  /// asleep, or there is more to do than that; ring.
  [[nodiscard]] virtual bool stand_in() = 0;
};

/// Mail between the shards' threads: one lock-free inbox per shard, a wake-up only when the
/// receiver sleeps. Batches of one pair stay in order. Outlives the threads.
class thread_post_office final : public broker::post_office {
 public:
  explicit thread_post_office(std::size_t shards);

  /// Set before mail is posted.
  void set_sleeper(routing::shard_id shard, sleeper& who) noexcept;
  [[nodiscard]] std::size_t shards() const noexcept { return inboxes_.size(); }

  // Any thread
  /// Makes a shard look around: something it reads by itself has changed (the store's durable
  /// ticket, a request to stop). Many nudges between two rounds of the shard are one.
  void nudge(routing::shard_id shard);
  void nudge_all();
  /// No batch is on its way, unless a shard posts one meanwhile: when no shard posts but in answer
  /// to mail, nothing comes any more.
  [[nodiscard]] bool is_quiet() const noexcept;

  // Whoever has the turn of the shard: its own thread, or one that stands in for it

  /// A receiver that sleeps is only noted: `wake_receivers` must follow.
  void post(routing::shard_id from, routing::shard_id to, broker::mail_batch&& batch) override;
  enum class how { ring, stand_in_or_ring };
  /// Those that slept when `from` posted to them. Nobody stands in for several: they can work side
  /// by side.
  void wake_receivers(routing::shard_id from, how h);
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
    sleeper* who = nullptr;
    std::vector<routing::shard_id> to_wake;
    // Batches, counted in the shard's own turns.
    std::atomic<std::uint64_t> posted{0};
    std::atomic<std::uint64_t> received{0};
  };
  static void count(std::atomic<std::uint64_t>& mine) noexcept {
    mine.store(mine.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  std::vector<inbox> inboxes_;
};

}  // namespace godwit::net
