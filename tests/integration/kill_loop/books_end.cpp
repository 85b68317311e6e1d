#include "books.hpp"

#include <algorithm>

namespace godwit::kill_loop {

std::vector<std::vector<books::claim>> books::claims_by_topic() {
  std::vector<std::vector<claim>> claims(topics_.size());
  for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
    std::map<std::string, claim> shared;  // since its longest member's SUBACK
    for (session_index s = 0; s < sessions_.size(); ++s) {
      for (const subscription& sub : sessions_[s].book.subscriptions()) {
        if (sub.certain == never || !matches(sub.filter, topics_[topic])) continue;
        if (sub.is_shared()) {
          claim& c = shared.try_emplace(sub.filter, claim{.since = never}).first->second;
          c.group = &groups_[sub.filter];
          c.qos = std::max(c.qos, sub.qos);
          c.since = std::min(c.since, sub.certain);
        } else {
          claims[topic].push_back({.session = s, .qos = sub.qos, .since = sub.certain});
        }
      }
    }
    for (const auto& [filter, c] : shared) claims[topic].push_back(c);
  }
  return claims;
}

void books::check_claim(const claim& c, message_id m) {
  const message& sent = at(m);
  if (sent.clears || sent.acked == never || sent.first_sent <= c.since) return;
  if (c.group != nullptr) {
    // A QoS 2 message that was sent to a member dies with that member's session [v5 MQTT-4.8.2-5].
    const bool may_have_died = c.group->has_leavers && std::min(sent.qos, c.qos) == 2;
    if (may_have_died || c.group->seen.contains(m)) return;
    found_.add(finding::message_lost, "no member of a group got " + name_of(m));
  } else if (!sessions_[c.session].got.contains(m)) {
    found_.add(finding::message_lost, client_id(c.session) + ", subscribed since " +
                                          std::to_string(c.since) + ", never got " + name_of(m));
  }
}

void books::check_owed() {
  const auto claims = claims_by_topic();
  for (message_id m = base_; m < base_ + messages_.size(); ++m) {
    for (const claim& c : claims[at(m).topic]) check_claim(c, m);
  }
}

void books::forget_messages() {
  base_ += messages_.size();
  messages_.clear();
  for (session_state& s : sessions_) s.got.clear();
  for (auto& [filter, group] : groups_) {
    group.seen.clear();
    group.exactly.clear();
  }
}

}  // namespace godwit::kill_loop
