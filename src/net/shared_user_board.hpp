#pragma once

#include <godwit/broker/user_board.hpp>

#include <mutex>

namespace godwit::net {

/// For the shards' threads. They meet here when something is retained in a user's name, and about
/// once a second.
class shared_user_board final : public broker::user_board {
 public:
  shared_user_board(std::size_t shards, std::uint64_t queued_max) : all_{shards, queued_max} {}

  void add_retained(std::string_view user, std::uint64_t bytes) override {
    const std::lock_guard lock{mutex_};
    all_.add_retained(user, bytes);
  }
  [[nodiscard]] std::uint64_t retained(std::string_view user) const override {
    const std::lock_guard lock{mutex_};
    return all_.retained(user);
  }
  std::unordered_set<std::string> report_queued(std::size_t shard, sums&& by_user) override {
    const std::lock_guard lock{mutex_};
    return all_.report_queued(shard, std::move(by_user));
  }

 private:
  mutable std::mutex mutex_;
  broker::user_sums all_;
};

}  // namespace godwit::net
