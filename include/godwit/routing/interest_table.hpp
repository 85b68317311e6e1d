#pragma once

#include <godwit/routing/subscription.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace godwit::routing {

/// Which shards may have a subscription for a topic. May over-report, never under-reports: an
/// insertion that has returned is seen by every later `interested` call in the happens-before
/// order. 32-bit counters (saturating, then sticky) over hashes of exact filters and of the literal
/// prefixes of wildcard filters; one writer per shard (its own row), read lock-free by all. A row
/// grows by publishing a larger one; old ones are kept until the table dies.
class interest_table {
 public:
  /// `seed` keeps clients from choosing colliding filters.
  interest_table(std::size_t shards, std::uint64_t seed);
  ~interest_table();
  interest_table(const interest_table&) = delete;
  interest_table& operator=(const interest_table&) = delete;

  /// Only from the thread of `shard`. The filter is checked and not shared.
  void add(shard_id shard, std::string_view filter);
  void remove(shard_id shard, std::string_view filter);

  /// Shards other than `asking` that may match the topic. Any thread.
  [[nodiscard]] shard_mask interested(shard_id asking, std::string_view topic) const noexcept;
  /// Changes (release) after each change that can alter an answer of `interested`; cached answers
  /// are good while it stays the same (acquire before asking).
  [[nodiscard]] std::uint64_t generation() const noexcept;
  [[nodiscard]] std::size_t shards() const noexcept;
  /// The secret all hashing of topics starts from.
  [[nodiscard]] std::uint64_t seed() const noexcept;
  /// Sum of all counters of a row: 0 when the shard has no filters left.
  [[nodiscard]] std::uint64_t count(shard_id shard) const noexcept;

 private:
  struct row;
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::routing
