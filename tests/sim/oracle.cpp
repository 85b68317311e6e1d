#include "oracle.hpp"

#include <algorithm>

namespace godwit::sim {

using mqtt::qos;

oracle::oracle(context& c, std::size_t personas, std::size_t inflight_max)
    : context_{c}, inflight_max_{inflight_max}, sessions_(personas) {}

message_index oracle::new_message(published m) {
  const message_index index = messages_.size();
  if (!m.payload.empty()) by_payload_.emplace(m.payload, index);
  messages_.push_back(std::move(m));
  return index;
}

void oracle::on_sent(message_index m) {
  published& p = messages_.at(m);
  ++p.sends;
  if (p.first_sent != never) return;
  p.first_sent = context_.mark();
  p.sent_at = context_.now.steady;
}

void oracle::on_acked(message_index m) {
  published& p = messages_.at(m);
  if (p.acked != never) return;
  p.acked = context_.mark();
  p.acked_at = context_.now.steady;
}

void oracle::on_crash() {
  crashes_.push_back(context_.mark());
  on_restart();
}

void oracle::on_restart() {
  restarts_.push_back(context_.mark());
  restarted_at_ = context_.now.steady;
  // A will that was not published yet waits for its client after the restart, and is dropped if the
  // client comes back in time.
  for (published& p : messages_) p.due_since = never;
}

std::size_t oracle::crashes_since(stamp s) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(crashes_, [s](stamp crash) { return crash > s; }));
}

namespace {

bool is_shared(std::string_view filter) {
  return filter.starts_with("$share/");
}

/// Can this subscription have got the message? What came through a group may be handed on to a
/// member that joined later.
bool may_concern(const filter_model::span& s, std::string_view filter, const published& m) {
  return s.to >= m.first_sent && (is_shared(filter) || s.from <= m.acked);
}

bool is_own(std::size_t persona, const published& m) {
  return m.persona == persona && !m.is_will;
}

}  // namespace

bool oracle::may_match(std::size_t persona, const published& m) const {
  for (const auto& [filter, f] : sessions_[persona].filters) {
    if (!matches(filter, m.topic)) continue;
    for (const filter_model::span& span : f.spans) {
      if (!may_concern(span, filter, m)) continue;
      if (span.may_be_local || !is_own(persona, m)) return true;
    }
  }
  return false;
}

/// Was it certainly the first PUBLISH of the message that made this copy? One that was sent again
/// may have passed once already, before there was a subscription, have expired, or have been
/// refused for lack of disk, and then comes late.
bool oracle::is_first_way(std::size_t persona, const published& m) const {
  if (m.sends <= 1) return true;
  if (m.expiry_s != 0 || context_.was_disk_low_since(m.first_sent)) return false;
  return std::ranges::any_of(sessions_[persona].filters, [&](const auto& f) {
    if (!matches(f.first, m.topic) || f.second.certain_since > m.first_sent) return false;
    const filter_model::span& now = f.second.spans.back();
    return now.low != qos::at_most_once && !(now.may_be_no_local && is_own(persona, m));
  });
}

bool oracle::certainly_before(const published& a, const published& b) const {
  return a.acked != never && b.first_sent != never && a.acked < b.first_sent;
}

std::string oracle::name_of(message_index m) const {
  const published& p = messages_[m];
  return '\'' + (p.payload.empty() ? std::string{"(empty)"} : p.payload.substr(0, 24)) + "' on '" +
         p.topic + "' qos " + std::to_string(static_cast<int>(p.quality)) +
         (p.retain ? " retain" : "") + " sent " + std::to_string(p.first_sent) + " acked " +
         (p.acked == never ? std::string{"never"} : std::to_string(p.acked));
}

void oracle::on_end(message_index will, std::string_view reason, stamp turn_began) {
  published& w = messages_.at(will);
  if (reason == "server_stopping") return;
  if (w.delay_s != 0 && reason != "client_disconnected") {
    w.ended = context_.mark();
    w.ended_at = context_.now.steady;
    return;
  }
  if (reason == "client_disconnected") {
    w.forbidden_since = std::min(w.forbidden_since, turn_began);
  } else if (w.due_since == never || w.due_since < turn_began) {
    w.due_since = turn_began;
  }
}

void oracle::withdraw(const std::vector<message_index>& wills) {
  constexpr std::chrono::seconds grace{60};  // protocol.will_grace_after_restart
  if (context_.now.steady - restarted_at_ >= grace) return;
  for (const message_index m : wills) {
    published& w = messages_.at(m);
    if (w.left_by->ends() != 0 && w.left_by->reason() != "server_stopping") continue;
    // What waits for its delay is sent when the session ends, also by its own client's Clean Start.
    if (w.delay_s != 0 && w.ends_early) continue;
    const auto ends = std::ranges::count_if(restarts_, [&](stamp s) { return s > w.first_sent; });
    if (ends == 1) w.withdrawn_since = context_.mark();
  }
}

/// Once, at its time, or never.
void oracle::check_will(const std::string& who, message_index m) const {
  const published& w = messages_[m];
  if (w.forbidden_since != never && crashes_since(w.first_sent) == 0) {
    context_.fail(who + "a will that was withdrawn: " + name_of(m));
  }
  if (w.withdrawn_since != never && crashes_since(w.withdrawn_since) == 0) {
    context_.fail(who + "a will whose client had come back: " + name_of(m));
  }
  check_delay(who, m);
  const bool met_end = std::ranges::any_of(restarts_, [&](stamp s) { return s > w.first_sent; });
  if (!met_end && w.left_by && w.left_by->ends() == 0) {
    context_.fail(who + "a will before its connection ended: " + name_of(m));
  }
}

std::optional<message_index> oracle::on_publish(std::size_t persona, const arrival& a) {
  ++deliveries_;
  const mqtt::publish_view& p = a.publish;
  const std::string who = "client-" + std::to_string(persona) + ": ";
  if (a.unacknowledged > std::min(inflight_max_, a.receive_maximum)) {
    context_.fail(who + "more in flight than the limit");
  }
  if (p.payload.empty() || base::as_text(p.payload).find("rude") != std::string_view::npos)
    return std::nullopt;
  const auto known = by_payload_.find(std::string{base::as_text(p.payload)});
  if (known == by_payload_.end()) {
    context_.fail(who + "a message that nobody published");
    return std::nullopt;
  }
  const message_index m = known->second;
  const published& sent = messages_[m];
  if (sent.topic != p.topic) context_.fail(who + "wrong topic for " + name_of(m));
  if (sent.sends == 0 && !sent.is_will) context_.fail(who + "a message before it was sent");
  if (sent.is_will) check_will(who, m);
  if (sent.expiry_s != 0) check_expiry(persona, m, a);
  if (p.quality > sent.quality) context_.fail(who + "QoS above the published one: " + name_of(m));
  if (p.retain) {
    on_replay(persona, m, a);
  } else {
    on_live(persona, m, a);
  }
  return m;
}

void oracle::check_qos(std::size_t persona, message_index m, qos got) {
  const session_model& s = sessions_[persona];
  const published& p = messages_[m];
  qos low = qos::at_most_once;
  qos high = qos::at_most_once;
  for (const auto& [filter, f] : s.filters) {
    if (!matches(filter, p.topic)) continue;
    for (const filter_model::span& span : f.spans) {
      if (!may_concern(span, filter, p)) continue;
      if (!span.may_be_local && is_own(persona, p)) continue;
      high = std::max(high, span.high);
      // Until a will is published nobody knows when that is, so nothing is certain about it.
      // One that another member of a group had first may have come down to that one's QoS.
      if (span.may_be_no_local && is_own(persona, p)) continue;
      if (!p.is_will && !is_shared(filter) && f.certain_since <= p.first_sent && span.to == never) {
        low = std::max(low, span.low);
      }
    }
  }
  if (got > std::min(p.quality, high) || got < std::min(p.quality, low)) {
    context_.fail("client-" + std::to_string(persona) + ": QoS " +
                  std::to_string(static_cast<int>(got)) + " of " + name_of(m) + " was not granted");
  }
}

void oracle::on_live(std::size_t persona, message_index m, const arrival& a) {
  session_model& s = sessions_[persona];
  const published& sent = messages_[m];
  const mqtt::publish_view& p = a.publish;
  const std::string who = "client-" + std::to_string(persona) + ": ";
  session_model::receipt& got = s.live[m];
  const bool is_first = got.all == 0;
  const std::size_t crashes = crashes_since(sent.first_sent);
  if (is_first && !may_match(persona, sent)) {
    context_.fail(who + "no subscription for " + name_of(m));
  }
  if (is_first) check_qos(persona, m, p.quality);
  if (a.gives_identifiers) check_identifiers(persona, m, a);
  ++got.all;
  if (!p.dup) ++got.fresh;
  if (is_first) got.first = context_.mark();
  switch (p.quality) {
    case qos::at_most_once:
      if (++got.at_qos_0 > std::max(sent.sends, 1U) + crashes)
        context_.fail(who + "QoS 0 twice: " + name_of(m));
      break;
    case qos::at_least_once:
      // A publisher that sends again after it lost the answer makes a second message of it. A crash
      // can forget of each that it was sent.
      if (got.fresh > std::max(sent.sends, 1U) * (1 + crashes)) {
        context_.fail(who + "again without DUP: " + name_of(m));
      }
      break;
    case qos::exactly_once:
      if (!a.id_known && !is_first && !sent.is_unsure && (got.at_qos_2 != 0 || crashes == 0)) {
        context_.fail(who + "QoS 2 twice: " + name_of(m));
      }
      ++got.at_qos_2;
      if (a.id_known && !p.dup && crashes == 0) {
        context_.fail(who + "again without DUP: " + name_of(m));
      }
      break;
  }
  if (p.dup && sent.first_sent > a.connected && !a.shared) {
    context_.fail(who + "DUP on a message newer than the connection: " + name_of(m));
  }
  if (sent.retain && is_first) s.retained_seen[sent.topic].insert(m);
  if (is_first && sent.retain && !a.shared) check_live_against_replay(persona, m);
  if (a.shared) {
    on_shared(persona, m, p.quality);
  } else if (is_first && !sent.is_will && is_first_way(persona, sent)) {
    auto& newest = s.newest[{sent.publisher, sent.topic, sent.quality, p.quality}];
    if (newest > m) context_.fail(who + name_of(m) + " came after " + name_of(newest));
    newest = std::max(newest, m);
  }
}

bool oracle::has_one_subscription(const session_model& s, const published& m) const {
  std::size_t subscribes = 0;
  for (const auto& [filter, f] : s.filters) {
    if (matches(filter, m.topic)) subscribes += f.subscribes.size() + f.quiet_subscribes;
  }
  return subscribes == 1;
}

/// One subscription gets a retained message live or by its replay, not both; and nothing older
/// follows what was replayed.
void oracle::check_live_against_replay(std::size_t persona, message_index m) const {
  const session_model& s = sessions_[persona];
  const published& sent = messages_[m];
  if (sent.is_will || sent.sends != 1 || !has_one_subscription(s, sent)) return;
  if (crashes_since(sent.first_sent) != 0) return;
  // For so long the broker remembers what a replay brought.
  if (context_.now.steady - sent.sent_at > std::chrono::seconds{10}) return;
  const std::string who = "client-" + std::to_string(persona) + ": ";
  if (s.live.contains(m) && s.replayed.contains(m)) {
    context_.fail(who + "live and replayed: " + name_of(m));
  }
  for (const auto& [other, count] : s.replayed) {
    const published& newer = messages_[other];
    if (newer.topic == sent.topic && !s.replayed.contains(m) && certainly_before(sent, newer)) {
      context_.fail(who + name_of(m) + " live after the replay of " + name_of(other));
    }
  }
}

bool oracle::is_superseded(const published& m, stamp at) const {
  return std::ranges::any_of(messages_, [&](const published& other) {
    return other.retain && other.topic == m.topic && other.acked < at && certainly_before(m, other);
  });
}

void oracle::on_replay(std::size_t persona, message_index m, const arrival& a) {
  session_model& s = sessions_[persona];
  const published& sent = messages_[m];
  const std::string who = "client-" + std::to_string(persona) + ": ";
  if (!sent.retain) {
    context_.fail(who + "RETAIN on a message that is not retained: " + name_of(m));
    return;
  }
  if (a.shared) context_.fail(who + "a retained message through a shared subscription");
  std::size_t allowed = 0;
  bool is_fresh_enough = false;
  for (const auto& [filter, f] : s.filters) {
    if (!matches(filter, sent.topic)) continue;
    for (const stamp subscribe : f.subscribes) {
      ++allowed;
      if (!is_superseded(sent, subscribe)) is_fresh_enough = true;
    }
  }
  unsigned& count = s.replayed[m];
  if (allowed == 0) context_.fail(who + "no subscription for the retained " + name_of(m));
  if (allowed != 0 && !is_fresh_enough) {
    context_.fail(who + "an old retained message: " + name_of(m));
  }
  if (a.publish.dup || a.id_known) return;
  ++count;
  if (count > allowed + crashes_since(sent.first_sent)) {
    context_.fail(who + "a retained message too often: " + name_of(m));
  }
  if (count > 1) return;
  check_live_against_replay(persona, m);
  for (const message_index other : s.retained_seen[sent.topic]) {
    const published& newer = messages_[other];
    // One that was not acknowledged before a crash may be lost again.
    const bool may_be_lost = std::ranges::any_of(
        crashes_, [&](stamp crash) { return crash > newer.first_sent && crash < newer.acked; });
    if (certainly_before(sent, newer) && !may_be_lost) {
      context_.fail(who + "retained " + name_of(m) + " after the newer " + name_of(other));
    }
  }
  s.retained_seen[sent.topic].insert(m);
}

}  // namespace godwit::sim
