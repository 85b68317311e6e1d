#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace godwit::broker {

/// What each user takes of memory and disk, over all shards; for brokers that limit it. Anonymous
/// clients are no user. A port: shards on several threads need one that is safe for them.
class user_board {
 public:
  using sums = std::unordered_map<std::string, std::uint64_t>;
  virtual ~user_board() = default;

  /// So much more is retained in this user's name; less is counted by what wraps around.
  virtual void add_retained(std::string_view user, std::uint64_t bytes) = 0;
  [[nodiscard]] virtual std::uint64_t retained(std::string_view user) const = 0;
  /// What a shard's sessions hold, as last added up; returns who has too much in all shards.
  virtual std::unordered_set<std::string> report_queued(std::size_t shard, sums&& by_user) = 0;
};

/// For one thread.
class user_sums final : public user_board {
 public:
  /// `queued_max` in bytes; 0: no limit.
  user_sums(std::size_t shards, std::uint64_t queued_max)
      : queued_max_{queued_max}, queued_(shards) {}

  void add_retained(std::string_view user, std::uint64_t bytes) override;
  [[nodiscard]] std::uint64_t retained(std::string_view user) const override;
  std::unordered_set<std::string> report_queued(std::size_t shard, sums&& by_user) override;

 private:
  std::uint64_t queued_max_;
  sums retained_;
  std::vector<sums> queued_;
};

}  // namespace godwit::broker
