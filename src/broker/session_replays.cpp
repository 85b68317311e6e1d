#include "session_replays.hpp"

#include <algorithm>

namespace godwit::broker {

void live_passes::note(std::string_view topic, std::uint64_t version) {
  auto found = passes_.find(topic);
  if (found == passes_.end())
    found = passes_.emplace(std::string{topic}, std::vector<pass>{}).first;
  std::vector<pass>& of_topic = found->second;
  while (!of_topic.empty() && of_topic.back().version <= version) of_topic.pop_back();
  of_topic.push_back({++passed_, version});
}

std::optional<std::uint64_t> live_passes::newest_since(std::uint64_t moment,
                                                       std::string_view topic) const {
  const auto found = passes_.find(topic);
  if (found == passes_.end()) return std::nullopt;
  const auto first = std::ranges::upper_bound(found->second, moment, {}, &pass::at);
  if (first == found->second.end()) return std::nullopt;
  return first->version;
}

}  // namespace godwit::broker
