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

void filter_model::on_subscribe_sent(stamp now, const asked& a) {
  if (a.wants_retained) {
    subscribes.push_back(now);
  } else {
    ++quiet_subscribes;
  }
  if (spans.empty() || spans.back().to != never) spans.push_back({.from = now});
  span& s = spans.back();
  s.low = std::min(s.low, a.quality);
  s.high = std::max(s.high, a.quality);
  (a.no_local ? s.may_be_no_local : s.may_be_local) = true;
}

void filter_model::on_suback(stamp now, const asked& a, bool others_waiting) {
  if (spans.empty() || spans.back().to != never || others_waiting) return;
  // From here on the granted QoS is known, so the certainty begins anew if it was not before.
  const bool is_one_way = spans.back().may_be_local != spans.back().may_be_no_local;
  if (certain_since != never && spans.back().low == spans.back().high && is_one_way) return;
  certain_since = now;
  spans.back().to = now;
  spans.push_back({.from = now,
                   .to = never,
                   .low = a.quality,
                   .high = a.quality,
                   .may_be_local = !a.no_local,
                   .may_be_no_local = a.no_local});
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
