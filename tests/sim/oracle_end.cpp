#include "oracle.hpp"

#include <algorithm>

namespace godwit::sim {

using mqtt::qos;

void oracle::on_shared(std::size_t persona, message_index m, qos got) {
  const session_model& s = sessions_[persona];
  const published& sent = messages_[m];
  for (const auto& [filter, f] : s.filters) {
    if (!filter.starts_with("$share/") || !matches(filter, sent.topic)) continue;
    auto& receivers = groups_[filter][m];
    const bool is_known = std::ranges::any_of(receivers, [&](const group_receipt& r) {
      return r.persona == persona && r.epoch == s.epoch;
    });
    if (is_known) return;
    // What was sent at QoS 2 stays with its member and ends with it. [v5 MQTT-4.8.2-5]
    const bool was_sent = std::ranges::any_of(
        receivers, [](const group_receipt& r) { return r.quality == qos::exactly_once; });
    if (was_sent && sent.sends <= 1 && !sent.is_unsure && crashes_since(sent.first_sent) == 0) {
      context_.fail("a second member of " + filter + " got QoS 2 " + name_of(m));
    }
    receivers.push_back({persona, s.epoch, got});
    if (receivers.size() > 1 && !handed_on_for_a_reason(filter, m)) {
      context_.fail("two members of " + filter + " got " + name_of(m));
    }
    return;
  }
}

bool oracle::handed_on_for_a_reason(const std::string& filter, message_index m) const {
  const published& sent = messages_[m];
  const auto& receivers = groups_.at(filter).at(m);
  std::size_t allowed = 1 + crashes_since(sent.first_sent);
  if (sent.quality == qos::at_least_once && sent.sends > 1) allowed += sent.sends - 1;
  for (const group_receipt& r : receivers) {
    const session_model& s = sessions_[r.persona];
    // Its session ended, or may have: what it had not acknowledged went to another member.
    if (s.epoch != r.epoch || s.may_have_ended > sent.first_sent || !s.persistent) ++allowed;
    const auto f = s.filters.find(filter);
    if (f != s.filters.end() && f->second.certain_since > sent.first_sent) ++allowed;
  }
  return receivers.size() <= allowed;
}

void oracle::check_delivered() {
  for (std::size_t persona = 0; persona < sessions_.size(); ++persona) {
    const session_model& s = sessions_[persona];
    for (message_index m = 0; m < messages_.size(); ++m) {
      const published& p = messages_[m];
      if (p.is_will || p.payload.empty() || p.quality == qos::at_most_once) continue;
      if (p.acked == never || s.live.contains(m) || p.expiry_s != 0) continue;
      for (const auto& [filter, f] : s.filters) {
        if (filter.starts_with("$share/") || !matches(filter, p.topic)) continue;
        if (p.persona == persona && f.spans.back().may_be_no_local) continue;
        if (f.certain_since > p.first_sent || f.spans.back().low == qos::at_most_once) continue;
        context_.fail("client-" + std::to_string(persona) + " never got " + name_of(m) +
                      " although subscribed to '" + filter + "' since " +
                      std::to_string(f.certain_since));
        break;
      }
    }
  }
}

void oracle::check_groups() {
  std::vector<std::string> all;
  for (const session_model& s : sessions_) {
    for (const auto& [filter, f] : s.filters) {
      if (filter.starts_with("$share/") && std::ranges::find(all, filter) == all.end()) {
        all.push_back(filter);
      }
    }
  }
  for (const std::string& filter : all) check_group(filter);
}

void oracle::check_group(const std::string& filter) {
  stamp stays_since = never;  // of the member that stayed longest
  stamp last_end = 0;         // a member's session may have ended
  bool has_clean_members = false;
  bool all_ask_for_more_than_0 = true;
  for (const session_model& s : sessions_) {
    const auto f = s.filters.find(filter);
    if (f == s.filters.end()) continue;
    stays_since = std::min(stays_since, f->second.certain_since);
    last_end = std::max(last_end, s.may_have_ended);
    if (s.may_have_ended != 0 || !s.persistent) has_clean_members = true;
    for (const auto& span : f->second.spans) {
      if (span.low == qos::at_most_once) all_ask_for_more_than_0 = false;
    }
  }
  if (stays_since == never || !all_ask_for_more_than_0) return;
  for (message_index m = 0; m < messages_.size(); ++m) {
    const published& p = messages_[m];
    if (p.is_will || p.payload.empty() || p.quality == qos::at_most_once) continue;
    if (p.acked == never || p.first_sent < stays_since || !matches(filter, p.topic)) continue;
    if (p.expiry_s != 0) continue;
    // A QoS 2 message that was sent dies with its member's session [v5 MQTT-4.8.2-5], and what a
    // member without a persistent session held is lost in a crash.
    if (p.quality == qos::exactly_once && last_end > p.first_sent) continue;
    if (has_clean_members && crashes_since(p.first_sent) != 0) continue;
    if (!groups_[filter].contains(m)) {
      context_.fail("no member of " + filter + " got " + name_of(m));
    }
  }
}

void oracle::check_wills() {
  for (std::size_t persona = 0; persona < sessions_.size(); ++persona) {
    const session_model& s = sessions_[persona];
    for (message_index m = 0; m < messages_.size(); ++m) {
      const published& p = messages_[m];
      if (!p.is_will || p.due_since == never || p.quality == qos::at_most_once) continue;
      if (s.live.contains(m) || s.replayed.contains(m)) continue;
      for (const auto& [filter, f] : s.filters) {
        if (filter.starts_with("$share/") || !matches(filter, p.topic)) continue;
        if (f.certain_since > p.due_since || f.spans.back().low == qos::at_most_once) continue;
        if (p.persona == persona && f.spans.back().may_be_no_local) continue;
        context_.fail("client-" + std::to_string(persona) + " never got the will " + name_of(m));
        break;
      }
    }
  }
}

void oracle::check_retained(const std::map<std::string, std::string>& replayed) {
  for (const std::string& topic : retained_topics()) {
    const auto found = replayed.find(topic);
    const std::string value = found == replayed.end() ? std::string{} : found->second;
    if (value.starts_with("rude")) continue;
    bool none_is_possible = true;
    bool value_is_possible = false;
    std::string candidates;
    for (message_index m = 0; m < messages_.size(); ++m) {
      const published& p = messages_[m];
      if (!p.retain || p.topic != topic) continue;
      if (p.acked != never && !p.payload.empty()) none_is_possible = false;
    }
    for (message_index m = 0; m < messages_.size(); ++m) {
      const published& p = messages_[m];
      if (!p.retain || p.topic != topic || is_superseded(p, never)) continue;
      candidates += ' ' + name_of(m);
      if (p.payload.empty()) none_is_possible = true;
      if (p.payload == value) value_is_possible = true;
    }
    if (value.empty() ? !none_is_possible : !value_is_possible) {
      context_.fail("retained on '" + topic + "' is '" + value + "', possible are" + candidates);
    }
  }
}

std::vector<std::string> oracle::retained_topics() const {
  std::vector<std::string> all;
  for (const published& p : messages_) {
    if (p.retain && std::ranges::find(all, p.topic) == all.end()) all.push_back(p.topic);
  }
  return all;
}

}  // namespace godwit::sim
