#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/observe/memory_gauge.hpp>

#include <chrono>
#include <cstdint>
#include <functional>

namespace godwit::daemon {

/// Whether the allocator is to be asked for what is free: it is much beside what is in use, more
/// than what it could not give back the last time (`kept`), and not so much that a shard would
/// wait for it. In bytes.
[[nodiscard]] bool is_worth_giving_back(std::uint64_t unused, std::uint64_t in_use,
                                        std::uint64_t kept) noexcept;

/// Looks at the memory that the process has for itself and says how little is left; also keeps the
/// process's part of the ledger. On the main thread.
class memory_watch {
 public:
  /// `configured`: the limit, or 0 for three quarters of what there is. What the process has now
  /// counts as its base.
  memory_watch(observe::memory_gauge& gauge, std::uint64_t configured, observe::logger& log);

  /// The store's memory, asked about once a second; until then it has none.
  void ask_store(std::function<std::uint64_t()> how) { of_store_ = std::move(how); }
  /// What all that the shards count adds up to.
  void ask_shards(std::function<std::uint64_t()> how) { of_shards_ = std::move(how); }
  /// The memory of retained messages, which are no other messages.
  void ask_retained(std::function<std::uint64_t()> how) { of_retained_ = std::move(how); }

  /// As in the constructor.
  void set_limit(std::uint64_t configured);
  /// Looks, if it is time; returns when to look again.
  base::steady_time look(base::steady_time now);

 private:
  /// What the ledger adds up to.
  std::uint64_t keep_ledger();
  void look_for_unused(base::steady_time now, std::uint64_t in_use, std::uint64_t counted);
  void give_back(base::steady_time now);

  observe::memory_gauge& gauge_;
  observe::logger& log_;
  std::function<std::uint64_t()> of_store_;
  std::function<std::uint64_t()> of_retained_;
  std::function<std::uint64_t()> of_shards_;
  base::steady_time next_{};
  base::steady_time next_ledger_{};
  base::steady_time next_give_back_{};
  std::uint64_t kept_ = 0;       ///< free, and not given back when it was asked for
  bool has_given_back_ = false;  ///< since the last look at it
};

}  // namespace godwit::daemon
