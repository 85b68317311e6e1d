#include "session_model.hpp"

#include <algorithm>

namespace godwit::sim {
namespace {

std::vector<std::string_view> levels(std::string_view text) {
  std::vector<std::string_view> all;
  while (true) {
    const std::size_t slash = text.find('/');
    all.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return all;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string_view plain_filter(std::string_view filter) {
  if (!filter.starts_with("$share/")) return filter;
  filter.remove_prefix(7);
  return filter.substr(filter.find('/') + 1);
}

bool matches(std::string_view filter, std::string_view topic) {
  const std::vector<std::string_view> f = levels(plain_filter(filter));
  const std::vector<std::string_view> t = levels(topic);
  if (topic.starts_with('$') && (f[0] == "#" || f[0] == "+")) return false;
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (f[i] == "#") return true;
    if (i == t.size() || (f[i] != "+" && f[i] != t[i])) {
      // "a/#" matches "a" as well.
      return false;
    }
    if (i + 1 == t.size() && i + 2 == f.size() && f[i + 1] == "#") return true;
  }
  return f.size() == t.size();
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
