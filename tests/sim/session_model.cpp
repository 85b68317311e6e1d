#include "session_model.hpp"

#include <algorithm>
#include <optional>

namespace godwit::sim {
namespace {

/// Takes the first level off.
std::string_view next_level(std::optional<std::string_view>& rest) {
  const std::size_t slash = rest->find('/');
  const std::string_view level = rest->substr(0, slash);
  if (slash == std::string_view::npos) {
    rest.reset();
  } else {
    rest = rest->substr(slash + 1);
  }
  return level;
}

}  // namespace

std::string_view plain_filter(std::string_view filter) {
  if (!filter.starts_with("$share/")) return filter;
  filter.remove_prefix(7);
  return filter.substr(filter.find('/') + 1);
}

bool matches(std::string_view filter, std::string_view topic) {
  std::optional<std::string_view> f = plain_filter(filter);
  std::optional<std::string_view> t = topic;
  if (topic.starts_with('$') && (f->starts_with('#') || f->starts_with('+'))) return false;
  while (f) {
    const std::string_view wanted = next_level(f);
    if (wanted == "#") return true;  // also what ends here: "a/#" matches "a"
    if (!t) return false;
    const std::string_view level = next_level(t);
    if (wanted != "+" && wanted != level) return false;
  }
  return !t;
}

void filter_model::on_subscribe_sent(stamp now, mqtt::qos quality) {
  subscribes.push_back(now);
  if (spans.empty() || spans.back().to != never) spans.push_back({.from = now});
  spans.back().low = std::min(spans.back().low, quality);
  spans.back().high = std::max(spans.back().high, quality);
}

void filter_model::on_suback(stamp now, mqtt::qos quality, bool others_waiting) {
  if (spans.empty() || spans.back().to != never || others_waiting) return;
  // From here on the granted QoS is known, so the certainty begins anew if it was not before.
  if (certain_since != never && spans.back().low == spans.back().high) return;
  certain_since = now;
  spans.back().to = now;
  spans.push_back({.from = now, .to = never, .low = quality, .high = quality});
}

void filter_model::on_gone(stamp now) {
  certain_since = never;
  for (span& s : spans) s.to = std::min(s.to, now);
}

void session_model::on_connection_lost(stamp now) {
  if (persistent) return;
  may_have_ended = now;
  for (auto& [name, f] : filters) f.certain_since = never;
}

void session_model::on_new_session(stamp now) {
  ++epoch;
  for (auto& [name, f] : filters) f.on_gone(now);
  live.clear();
  replayed.clear();
  newest.clear();
  retained_seen.clear();
}

}  // namespace godwit::sim
