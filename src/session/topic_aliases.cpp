#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/session/topic_aliases.hpp>

#include <algorithm>

namespace godwit::session {

std::optional<std::string_view> incoming_aliases::resolve(std::uint16_t alias,
                                                          std::string_view topic) {
  GODWIT_ASSERT(alias != 0);
  const std::size_t at = alias - std::size_t{1};
  if (!topic.empty()) {
    if (topics_.size() <= at) topics_.resize(at + 1);
    topics_[at] = topic;
  }
  if (at >= topics_.size() || topics_[at].empty()) return std::nullopt;
  return topics_[at];
}

outgoing_aliases::use outgoing_aliases::take(std::string_view topic) {
  GODWIT_ASSERT(are_allowed());
  const auto alias_of = [this](const entry& e) {
    return static_cast<std::uint16_t>(&e - entries_.data() + 1);
  };
  ++uses_;
  for (entry& e : entries_) {
    if (e.topic != topic) continue;
    e.used = uses_;
    return {alias_of(e), true};
  }
  if (entries_.size() < most_) {
    entries_.push_back({std::string{topic}, uses_});
    return {alias_of(entries_.back()), false};
  }
  entry& oldest = *std::min_element(entries_.begin(), entries_.end(),
                                    [](const entry& a, const entry& b) { return a.used < b.used; });
  oldest = {std::string{topic}, uses_};
  return {alias_of(oldest), GODWIT_SEEDED_BUG(alias_without_topic)};
}

}  // namespace godwit::session
