#include <godwit/broker/user_board.hpp>

#include <utility>

namespace godwit::broker {

void user_sums::add_retained(std::string_view user, std::uint64_t bytes) {
  if (user.empty() || bytes == 0) return;
  const auto at = retained_.try_emplace(std::string{user}, 0).first;
  at->second += bytes;
  if (at->second == 0) retained_.erase(at);
}

std::uint64_t user_sums::retained(std::string_view user) const {
  const auto at = retained_.find(std::string{user});
  return at == retained_.end() ? 0 : at->second;
}

std::unordered_set<std::string> user_sums::report_queued(std::size_t shard, sums&& by_user) {
  queued_.at(shard) = std::move(by_user);
  std::unordered_set<std::string> over;
  if (queued_max_ == 0) return over;
  for (const auto& [user, own] : queued_[shard]) {
    std::uint64_t all = 0;
    for (const sums& one : queued_) {
      const auto at = one.find(user);
      if (at != one.end()) all += at->second;
    }
    if (all > queued_max_) over.insert(user);
  }
  return over;
}

}  // namespace godwit::broker
