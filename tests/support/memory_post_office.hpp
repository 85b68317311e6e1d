#pragma once

#include <godwit/broker/post_office.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace godwit::test {

/// Keeps the mail until somebody takes it. In order for each pair of shards; whoever takes it
/// decides about the order between pairs.
class memory_post_office final : public broker::post_office {
 public:
  void post(routing::shard_id from, routing::shard_id to, broker::mail_batch&& batch) override {
    boxes_[{to, from}].push_back(std::move(batch));
  }

  /// Shards that have mail for `to`, in the order of their numbers.
  [[nodiscard]] std::vector<routing::shard_id> senders_to(routing::shard_id to) const;
  [[nodiscard]] bool has_mail_for(routing::shard_id to) const { return !senders_to(to).empty(); }
  /// The oldest batch of a pair.
  [[nodiscard]] std::optional<broker::mail_batch> take(routing::shard_id from,
                                                       routing::shard_id to);
  /// Batches that wait, for all shards.
  [[nodiscard]] std::size_t size() const noexcept;
  void clear() { boxes_.clear(); }

 private:
  using route = std::pair<routing::shard_id, routing::shard_id>;  // to, from
  std::map<route, std::deque<broker::mail_batch>> boxes_;
};

}  // namespace godwit::test
