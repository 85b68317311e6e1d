#include "books.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace godwit::kill_loop {
namespace {

constexpr std::size_t payload_most = 200;

/// "m<number> ..." -> number.
std::optional<message_id> number_in(std::string_view payload) {
  if (!payload.starts_with('m')) return std::nullopt;
  message_id m = 0;
  const char* end = payload.data() + payload.size();
  const auto [rest, error] = std::from_chars(payload.data() + 1, end, m);
  if (error != std::errc{} || rest == end || *rest != ' ') return std::nullopt;
  return m;
}

}  // namespace

books::books(findings& found, std::vector<std::string> topics)
    : found_{found}, topics_{std::move(topics)} {}

std::size_t books::kills_since(stamp s) const {
  return static_cast<std::size_t>(kills_.end() - std::ranges::upper_bound(kills_, s));
}

session_index books::add_session(std::string client_id) {
  sessions_.emplace_back().client = std::move(client_id);
  return sessions_.size() - 1;
}

void books::on_session_over(session_index s) {
  for (const subscription& sub : sessions_[s].book.subscriptions()) {
    if (sub.is_shared()) groups_[sub.filter].has_leavers = true;
  }
  sessions_[s].got.clear();
  sessions_[s].newest.clear();
}

void books::on_session_lost(session_index s) {
  const auto claims = claims_by_topic();
  for (message_id m = base_; m < base_ + messages_.size(); ++m) {
    for (const claim& c : claims[at(m).topic]) {
      if (c.group == nullptr && c.session == s) check_claim(c, m);
    }
  }
  on_session_over(s);
}

message_id books::new_message(message m) {
  messages_.push_back(m);
  return base_ + messages_.size() - 1;
}

/// Its length varies, and every byte of it depends on the message.
std::string books::payload_of(message_id m) const {
  if (at(m).clears) return {};
  std::string text = "m" + std::to_string(m) + " ";
  text.resize(std::max<std::size_t>(text.size(), 16 + m * 37 % (payload_most - 16)),
              static_cast<char>('a' + m % 26));
  return text;
}

void books::on_sent(message_id m) {
  message& sent = messages_[m - base_];
  ++sent.sends;
  if (sent.first_sent == never) sent.first_sent = mark();
}

void books::on_acked(message_id m) {
  message& sent = messages_[m - base_];
  if (sent.acked != never) return;
  sent.acked = mark();
  ++acked_;
}

std::string books::name_of(message_id m) const {
  const message& known = at(m);
  return "m" + std::to_string(m) + " of pub-" + std::to_string(known.publisher) + " on " +
         topics_[known.topic] + " at QoS " + std::to_string(known.qos) + " (sent " +
         std::to_string(known.first_sent) +
         (known.acked == never ? std::string{", not acknowledged"}
                               : ", acknowledged " + std::to_string(known.acked)) +
         ", " + std::to_string(known.sends) + " times)";
}

bool books::is_known(session_index who, const arrival& a, message_id& m) {
  const std::optional<message_id> number = number_in(a.payload);
  const std::string to = client_id(who) + " got ";
  if (!number || *number >= base_ + messages_.size()) {
    found_.add(finding::corrupted, to + "a message that nobody published");
    return false;
  }
  m = *number;
  if (m < base_) {
    // Of the past: only a retained message may still come.
    if (!a.retain) found_.add(finding::duplicated, to + "m" + std::to_string(m) + " long after");
    return false;
  }
  if (topics_[at(m).topic] != a.topic || payload_of(m) != a.payload) {
    found_.add(finding::corrupted, to + "topic or payload not as published: " + name_of(m));
    return false;
  }
  if (at(m).first_sent == never) {
    found_.add(finding::corrupted, to + "before it was sent: " + name_of(m));
  }
  return true;
}

const subscription* books::reason_for(session_index who, message_id m, bool is_replay) {
  const message& sent = at(m);
  const std::string& topic = topics_[sent.topic];
  bool was_removed = false;
  for (const subscription& s : sessions_[who].book.subscriptions()) {
    if (!matches(s.filter, topic)) continue;
    // What is retained comes to a later subscriber, and what came through a group may be handed on
    // to a member that joined later.
    const bool may_be_later = is_replay || s.is_shared();
    if (s.gone >= sent.first_sent && (may_be_later || s.asked <= sent.acked)) return &s;
    was_removed = was_removed || s.gone < sent.first_sent;
  }
  found_.add(was_removed ? finding::subscription_revived : finding::misrouted,
             client_id(who) + " has no subscription for " + name_of(m));
  return nullptr;
}

void books::on_arrival(session_index who, const arrival& a) {
  ++deliveries_;
  message_id m = 0;
  // An empty payload is a retained message being cleared.
  if (a.payload.empty() || !is_known(who, a, m)) return;
  const subscription* why = reason_for(who, m, a.retain);
  if (why == nullptr) return;
  if (a.qos != std::min(at(m).qos, why->qos)) {
    found_.add(finding::corrupted, client_id(who) + ": QoS not granted, " + name_of(m));
  }
  if (!a.retain) {
    count(who, m, a, *why);
  } else if (!at(m).retain) {
    found_.add(finding::corrupted, client_id(who) + ": RETAIN is set, " + name_of(m));
  }
}

void books::count(session_index who, message_id m, const arrival& a, const subscription& why) {
  const message& sent = at(m);
  receipt& r = sessions_[who].got[m];
  const bool is_first = r.all++ == 0;
  if (a.qos == 2 && !a.repeated && r.exactly++ > 0 && !sent.unsure) {
    found_.add(finding::duplicated, client_id(who) + " got twice " + name_of(m));
  }
  // A QoS 1 message that its publisher sent again is one more message.
  if (a.qos == 1 && !a.dup && ++r.fresh > sent.sends + kills_since(sent.first_sent)) {
    found_.add(finding::duplicated, client_id(who) + " got again without DUP " + name_of(m));
  }
  if (why.is_shared()) {
    group_state& group = groups_[why.filter];
    group.seen.insert(m);
    if (a.qos != 2 || a.repeated || sent.unsure) return;
    const auto [other, is_new] = group.exactly.emplace(m, who);
    if (is_new || other->second == who) return;
    found_.add(finding::duplicated, client_id(who) + " and " + client_id(other->second) +
                                        ", both of " + why.filter + ", got " + name_of(m));
  } else if (is_first) {
    check_order(who, m, why);
  }
}

/// At first delivery. A message that passed once before there was a subscription and was sent again
/// may come late.
void books::check_order(session_index who, message_id m, const subscription& why) {
  const message& sent = at(m);
  message_id& newest = sessions_[who].newest[{sent.publisher, sent.topic, sent.qos}];
  if (newest > m && newest >= base_ && why.certain < sent.first_sent && !sent.unsure) {
    found_.add(finding::out_of_order,
               client_id(who) + " got " + name_of(m) + " after " + name_of(newest));
  }
  newest = std::max(newest, m);
}

}  // namespace godwit::kill_loop
