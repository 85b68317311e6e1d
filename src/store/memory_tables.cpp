#include "memory_tables.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

#include <algorithm>

namespace godwit::store {

void memory_tables::apply(batch&& records) {
  for (record& r : records) {
    std::visit([this](auto&& one) { apply_one(std::move(one)); }, std::move(r));
  }
}

void memory_tables::apply_one(session_opened&& r) {
  seen_.session_number = std::max(seen_.session_number, r.session.value());
  const auto [at, fresh] = sessions_.try_emplace(r.session);
  GODWIT_ASSERT(fresh);
  at->second.client_id = std::move(r.client_id);
  at->second.owner = std::move(r.owner);
  at->second.version = r.version;
}

void memory_tables::apply_one(session_idle&& r) {
  session* const s = find(r.session);
  if (s == nullptr) return;
  // The zero of time says that a connection took the session up again.
  s->idle_since = r.since == base::wall_time{} ? std::nullopt : std::optional{r.since};
}

void memory_tables::apply_one(session_ended&& r) {
  session* const s = find(r.session);
  if (s == nullptr) return;
  s->ended = true;
  s->subscriptions.clear();
  s->qos2_received.clear();
  s->log.erase_if([this](const memory_entry& e) {
    if (!e.what.share.empty()) return false;
    no_longer_waits(e.commit);
    return true;
  });
  if (s->log.empty()) sessions_.erase(r.session);
}

void memory_tables::apply_one(subscribed&& r) {
  session* const s = find(r.session);
  if (s != nullptr && !s->ended) s->subscriptions[std::move(r.filter)] = r.terms;
}

void memory_tables::apply_one(unsubscribed&& r) {
  if (session* const s = find(r.session)) s->subscriptions.erase(r.filter);
}

void memory_tables::apply_one(enqueued&& r) {
  GODWIT_ASSERT(r.message);
  saw(*r.message);
  saw(r.commit);
  session* const s = find(r.session);
  if (s == nullptr) return;
  // A session that ended keeps what came through a group; nothing else can enter it.
  if (s->ended && r.share.empty()) return;
  s->next_position = std::max(s->next_position, log_position{r.position.value() + 1});
  if (r.commit != mqtt::message_number{}) {
    undecided& u = undecided_[r.commit];
    u.entries.push_back({r.session, r.position});
    ++u.waiting;
  }
  const mqtt::message& m = *r.message;
  const message_summary summary{.number = m.number(),
                                .content_size = base::checked_cast<std::uint32_t>(m.content_size()),
                                .arrival = m.arrival(),
                                .expiry_s = m.expiry_s()};
  s->log.insert({.what = {.position = r.position,
                          .message = std::move(r.message),
                          .summary = summary,
                          .quality = r.quality,
                          .retain = r.retain,
                          .share = std::move(r.share),
                          .id = {},
                          .received = false,
                          .identifiers = std::move(r.identifiers)},
                 .commit = r.commit});
}

void memory_tables::apply_one(sent&& r) {
  if (memory_entry* const e = find(r.session, r.position)) e->what.id = r.id;
}

void memory_tables::apply_one(rec_received&& r) {
  if (memory_entry* const e = find(r.session, r.position)) e->what.received = true;
}

void memory_tables::apply_one(removed&& r) {
  if (memory_entry* const e = find(r.session, r.position)) {
    no_longer_waits(e->commit);
    session* const s = find(r.session);
    s->log.erase(r.position);
    if (s->ended && s->log.empty()) sessions_.erase(r.session);
  }
  decide(r.commit);
}

void memory_tables::apply_one(qos2_received&& r) {
  session* const s = find(r.session);
  if (s != nullptr && !s->ended) s->qos2_received.insert(r.id);
  decide(r.commit);
}

void memory_tables::apply_one(qos2_released&& r) {
  if (session* const s = find(r.session)) s->qos2_received.erase(r.id);
}

void memory_tables::apply_one(committed&& r) {
  decide(r.commit);
}

void memory_tables::apply_one(will_stored&& r) {
  saw(*r.message);
  const mqtt::message_number number = r.message->number();
  wills_.insert_or_assign(
      number, will{std::move(r.client_id), std::move(r.message), r.keep_alive_s, r.delay_s});
}

void memory_tables::apply_one(will_removed&& r) {
  wills_.erase(r.will);
  decide(r.commit);
}

void memory_tables::apply_one(retained&& r) {
  saw(*r.message);
  const auto at = retained_.find(r.message->topic());
  if (at != retained_.end() && at->second->retain_version() > r.message->retain_version()) return;
  if (!r.message->payload().empty()) {
    if (at != retained_.end()) {
      at->second = std::move(r.message);
    } else {
      std::string topic{r.message->topic()};
      retained_.emplace(std::move(topic), std::move(r.message));
    }
  } else if (at != retained_.end()) {
    retained_.erase(at);
  }
}

void memory_tables::apply_one(session_expires&& r) {
  if (session* const s = find(r.session)) s->expires_after_s = r.after_s;
}

memory_tables::session* memory_tables::find(session_number number) {
  const auto at = sessions_.find(number);
  return at == sessions_.end() ? nullptr : &at->second;
}

memory_entry* memory_tables::find(session_number number, log_position position) {
  session* const s = find(number);
  return s == nullptr ? nullptr : s->log.find(position);
}

void memory_tables::decide(mqtt::message_number commit) {
  saw(commit);
  if (commit == mqtt::message_number{}) return;
  const auto at = undecided_.find(commit);
  if (at == undecided_.end()) return;
  for (const entry_name& name : at->second.entries) {
    // The same position can only be the same entry: positions are never used twice.
    memory_entry* const e = find(name.session, name.position);
    if (e != nullptr && e->commit == commit) e->commit = {};
  }
  undecided_.erase(at);
}

void memory_tables::no_longer_waits(mqtt::message_number commit) {
  if (commit == mqtt::message_number{}) return;
  const auto at = undecided_.find(commit);
  GODWIT_ASSERT(at != undecided_.end());
  if (--at->second.waiting == 0) undecided_.erase(at);
}

void memory_tables::saw(const mqtt::message& m) {
  saw(m.number());
  seen_.retain_version = std::max(seen_.retain_version, m.retain_version());
}

void memory_tables::saw(mqtt::message_number number) {
  seen_.message_number = std::max(seen_.message_number, number.value());
}

void memory_tables::drop_undecided() {
  undecided_.clear();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    session& s = at->second;
    s.log.erase_if([](const memory_entry& e) { return e.commit != mqtt::message_number{}; });
    at = s.ended && s.log.empty() ? sessions_.erase(at) : std::next(at);
  }
}

base::ref<const mqtt::message> memory_tables::find_message(mqtt::message_number number) const {
  base::ref<const mqtt::message> found;
  for (const auto& [_, s] : sessions_) {
    s.log.for_each([&](const memory_entry& e) {
      if (e.what.message->number() == number) found = e.what.message;
    });
    if (found) break;
  }
  return found;
}

high_water memory_tables::recover(recovery_visitor& visitor, std::size_t bodies) {
  drop_undecided();
  // In the order of their numbers, so that the same store restores the same way every time.
  std::map<session_number, const session*> ordered;
  for (const auto& [number, s] : sessions_) ordered.emplace(number, &s);
  for (const auto& [number, s] : ordered) {
    restored_session out;
    out.number = number;
    out.client_id = s->client_id;
    out.owner = s->owner;
    out.version = s->version;
    out.idle_since = s->idle_since;
    out.ended = s->ended;
    out.next_position = s->next_position;
    out.expires_after_s = s->expires_after_s;
    for (const auto& [filter, terms] : s->subscriptions) {
      out.subscriptions.push_back({filter, terms});
    }
    out.entries.reserve(s->log.size());
    s->log.for_each([&](const memory_entry& e) {
      out.entries.push_back(e.what);
      if (out.entries.size() > bodies) out.entries.back().message = {};
    });
    out.qos2_received.assign(s->qos2_received.begin(), s->qos2_received.end());
    visitor.on_session(std::move(out));
  }
  for (const auto& [number, w] : wills_) {
    visitor.on_will({w.client_id, w.message, w.keep_alive_s, w.delay_s});
  }
  for (const auto& [topic, message] : retained_) visitor.on_retained(message);
  return seen_;
}

memory_store::contents memory_tables::count() const {
  memory_store::contents c{
      .sessions = sessions_.size(), .wills = wills_.size(), .retained = retained_.size()};
  for (const auto& [number, s] : sessions_) {
    c.entries += s.log.size();
    c.subscriptions += s.subscriptions.size();
    c.qos2_ids += s.qos2_received.size();
  }
  for (const auto& [commit, u] : undecided_) c.undecided += u.waiting;
  return c;
}

}  // namespace godwit::store
