#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/observe/memory_gauge.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

namespace godwit::daemon {

/// Looks at the memory that the process has for itself and says how little is left; also keeps the
/// process's part of the ledger. On the main thread.
class memory_watch {
 public:
  /// `configured`: the limit, or 0 for three quarters of what there is. What the process has now
  /// counts as its base.
  memory_watch(observe::memory_gauge& gauge, std::uint64_t configured, observe::logger& log);

  /// Shards and store are there, and nothing is in them but what the store counts: what they took
  /// is part of the base. A large store that has just been read is not, so it grows by some MiB.
  void take_base(std::uint64_t of_store);

  /// The store's memory, asked about once a second; until then it has none.
  void ask_store(std::function<std::uint64_t()> how) { of_store_ = std::move(how); }
  /// The memory of retained messages, which are no other messages.
  void ask_retained(std::function<std::uint64_t()> how) { of_retained_ = std::move(how); }

  /// As in the constructor.
  void set_limit(std::uint64_t configured);
  /// Looks, if it is time; returns when to look again.
  base::steady_time look(base::steady_time now);

 private:
  void keep_ledger();
  void give_back(base::steady_time now);

  observe::memory_gauge& gauge_;
  observe::logger& log_;
  std::function<std::uint64_t()> of_store_;
  std::function<std::uint64_t()> of_retained_;
  base::steady_time next_{};
  base::steady_time next_ledger_{};
  base::steady_time next_give_back_{};
  std::uint64_t unused_at_start_;  ///< is in the base
};

}  // namespace godwit::daemon
