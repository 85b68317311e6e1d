#include <godwit/mqtt/topic.hpp>

#include <algorithm>

namespace godwit::mqtt {
namespace {

constexpr std::size_t text_size_max = 65'535;
constexpr std::string_view share_prefix = "$share/";

[[nodiscard]] protocol_error bad_name(const char* clause, const char* what) noexcept {
  return {reason_code::topic_name_invalid, clause, what};
}
[[nodiscard]] protocol_error bad_filter(const char* clause, const char* what) noexcept {
  return {reason_code::topic_filter_invalid, clause, what};
}

}  // namespace

result<void> check_topic_name(std::string_view topic) noexcept {
  if (topic.empty()) return bad_name("v311 MQTT-4.7.3-1 v5 MQTT-4.7.3-1", "empty topic name");
  if (topic.size() > text_size_max) {
    return bad_name("v311 MQTT-4.7.3-3 v5 MQTT-4.7.3-3", "topic name longer than 65535 bytes");
  }
  if (has_wildcard(topic)) {
    return bad_name("v311 MQTT-3.3.2-2 v5 MQTT-3.3.2-2", "wildcard in a topic name");
  }
  return {};
}

result<void> check_topic_filter(std::string_view filter) noexcept {
  if (filter.empty()) return bad_filter("v311 MQTT-4.7.3-1 v5 MQTT-4.7.3-1", "empty topic filter");
  if (filter.size() > text_size_max) {
    return bad_filter("v311 MQTT-4.7.3-3 v5 MQTT-4.7.3-3", "topic filter longer than 65535 bytes");
  }
  for (std::size_t at = filter.find_first_of("#+"); at != std::string_view::npos;
       at = filter.find_first_of("#+", at + 1)) {
    const bool starts_level = at == 0 || filter[at - 1] == '/';
    const bool last = at + 1 == filter.size();
    if (filter[at] == '#' && !(starts_level && last)) {
      return bad_filter("v311 MQTT-4.7.1-2 v5 MQTT-4.7.1-1", "'#' is not the whole last level");
    }
    if (filter[at] == '+' && !(starts_level && (last || filter[at + 1] == '/'))) {
      return bad_filter("v311 MQTT-4.7.1-3 v5 MQTT-4.7.1-2", "'+' is not a whole level");
    }
  }
  return {};
}

result<filter_parts> parse_topic_filter(std::string_view filter) noexcept {
  filter_parts parts{{}, filter};
  if (filter.starts_with(share_prefix)) {
    const std::string_view behind = filter.substr(share_prefix.size());
    const std::size_t slash = behind.find('/');
    parts.group = behind.substr(0, slash);
    if (parts.group.empty()) return bad_filter("v5 MQTT-4.8.2-1", "empty share name");
    if (has_wildcard(parts.group)) return bad_filter("v5 MQTT-4.8.2-2", "wildcard in a share name");
    if (slash == std::string_view::npos || slash + 1 == behind.size()) {
      return bad_filter("v5 MQTT-4.8.2-2", "share name without a topic filter");
    }
    parts.filter = behind.substr(slash + 1);
  }
  if (auto checked = check_topic_filter(parts.filter); !checked) return checked.error();
  return parts;
}

bool topic_matches(std::string_view filter, std::string_view topic) noexcept {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  std::size_t f = 0;
  std::size_t t = 0;
  while (f < filter.size()) {
    const char c = filter[f];
    if (c == '#') return true;
    if (c == '+') {
      t = std::min(topic.find('/', t), topic.size());
      ++f;
      continue;
    }
    if (t == topic.size()) return filter.substr(f) == "/#";  // "a/#" matches its parent "a".
    if (c != topic[t]) return false;
    ++f;
    ++t;
  }
  return t == topic.size();
}

bool has_wildcard(std::string_view filter) noexcept {
  return filter.find_first_of("#+") != std::string_view::npos;
}

std::size_t topic_levels(std::string_view topic) noexcept {
  return static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) + 1;
}

}  // namespace godwit::mqtt
