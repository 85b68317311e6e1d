#include "support/memory_post_office.hpp"

namespace godwit::test {

std::vector<routing::shard_id> memory_post_office::senders_to(routing::shard_id to) const {
  std::vector<routing::shard_id> senders;
  for (auto at = boxes_.lower_bound({to, routing::shard_id{0}});
       at != boxes_.end() && at->first.first == to; ++at) {
    if (!at->second.empty()) senders.push_back(at->first.second);
  }
  return senders;
}

std::optional<broker::mail_batch> memory_post_office::take(routing::shard_id from,
                                                           routing::shard_id to) {
  const auto at = boxes_.find({to, from});
  if (at == boxes_.end() || at->second.empty()) return std::nullopt;
  broker::mail_batch batch = std::move(at->second.front());
  at->second.pop_front();
  return batch;
}

std::size_t memory_post_office::size() const noexcept {
  std::size_t n = 0;
  for (const auto& [to_and_from, batches] : boxes_) n += batches.size();
  return n;
}

}  // namespace godwit::test
