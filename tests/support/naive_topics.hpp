#pragma once

#include <string_view>
#include <vector>

/// Topics and filters judged level by level, slowly and obviously, to compare with the real thing.

namespace godwit::test {

[[nodiscard]] inline std::vector<std::string_view> split_levels(std::string_view text) {
  std::vector<std::string_view> levels;
  for (;;) {
    const std::size_t slash = text.find('/');
    levels.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return levels;
    text.remove_prefix(slash + 1);
  }
}

[[nodiscard]] inline bool naive_filter_ok(std::string_view filter) {
  if (filter.empty() || filter.size() > 65'535) return false;
  const auto levels = split_levels(filter);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] == "+") continue;
    if (levels[i] == "#" && i + 1 == levels.size()) continue;
    if (levels[i].find_first_of("#+") != std::string_view::npos) return false;
  }
  return true;
}

using level_iterator = std::vector<std::string_view>::const_iterator;

[[nodiscard]] inline bool naive_levels_match(level_iterator filter, level_iterator filter_end,
                                             level_iterator topic, level_iterator topic_end) {
  if (filter == filter_end) return topic == topic_end;
  if (*filter == "#") return true;  // Also matches nothing: "a/#" and "a".
  if (topic == topic_end) return false;
  if (*filter != "+" && *filter != *topic) return false;
  return naive_levels_match(filter + 1, filter_end, topic + 1, topic_end);
}

[[nodiscard]] inline bool naive_matches(std::string_view filter, std::string_view topic) {
  const auto filter_levels = split_levels(filter);
  const auto topic_levels = split_levels(topic);
  const bool wild = filter_levels[0] == "#" || filter_levels[0] == "+";
  if (wild && topic.starts_with('$')) return false;
  return naive_levels_match(filter_levels.begin(), filter_levels.end(), topic_levels.begin(),
                            topic_levels.end());
}

}  // namespace godwit::test
