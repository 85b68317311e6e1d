#include "tables.hpp"

#include "codec.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/prefetch.hpp>

#include <algorithm>

namespace godwit::store_rocksdb {
namespace {

constexpr std::uint64_t qos2_record_size = 11;

enqueued_record as_record(const store::enqueued& r) noexcept {
  enqueued_record out;
  out.session = r.session.value();
  out.position = r.position.value();
  out.message = r.message->number().value();
  out.quality = r.quality;
  out.retain = r.retain;
  out.commit = r.commit.value();
  out.share = r.share;
  return out;
}

/// The commit that a record decides; 0 = none.
mqtt::message_number decided_by(const store::record& r) noexcept {
  return std::visit(
      [](const auto& one) -> mqtt::message_number {
        using record = std::remove_cvref_t<decltype(one)>;
        if constexpr (requires { one.commit; } && !std::is_same_v<record, store::enqueued>) {
          return one.commit;
        } else {
          return {};
        }
      },
      r);
}

}  // namespace

void tables::look_ahead(std::span<const store::batch> group) {
  decided_soon_.clear();
  for (const store::batch& records : group) {
    for (const store::record& r : records) {
      if (const std::uint64_t commit = decided_by(r).value()) decided_soon_.insert(commit);
    }
  }
}

void tables::prefetch(const store::record& r, nearness n) const noexcept {
  const auto* const e = std::get_if<store::enqueued>(&r);
  const session* const s = e == nullptr ? nullptr : find(e->session.value());
  if (s == nullptr) return;
  if (n == nearness::far) {
    base::prefetch(s, sizeof(session));
  } else {
    s->log.prefetch_newest();
  }
}

void tables::apply(const store::record& r, const commit_target& to) {
  std::visit([&](const auto& one) { apply(one, to); }, r);
}

void tables::apply(const store::session_opened& r, const commit_target& to) {
  const std::uint64_t number = r.session.value();
  seen_.session_number = std::max(seen_.session_number, number);
  GODWIT_ASSERT(!sessions_.contains(number));
  restore_session(number);
  to.rows.write(column::session, session_key(number, session_row::opened), opened_value(r));
}

void tables::apply(const store::session_idle& r, const commit_target& to) {
  const std::uint64_t number = r.session.value();
  if (find(number) == nullptr) return;
  const std::string key = session_key(number, session_row::idle);
  const auto since = r.since.time_since_epoch().count();
  if (since == 0) {
    to.rows.erase(column::session, key);
  } else {
    to.rows.write(column::session, key, number_value(static_cast<std::uint64_t>(since)));
  }
}

void tables::apply(const store::session_expires& r, const commit_target& to) {
  const std::uint64_t number = r.session.value();
  if (find(number) == nullptr) return;
  const std::string key = session_key(number, session_row::expires);
  if (r.after_s) {
    to.rows.write(column::session, key, number_value(*r.after_s));
  } else {
    to.rows.erase(column::session, key);
  }
}

void tables::apply(const store::session_ended& r, const commit_target& to) {
  const std::uint64_t number = r.session.value();
  session* const s = find_session(number);
  if (s == nullptr) return;
  if (!s->ended) to.rows.erase_all_with(column::subscription, key_of(number));
  s->ended = true;
  qos2_ids_ -= s->qos2_ids.size();
  s->qos2_ids = {};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gone;
  s->log.for_each([&](std::uint64_t position, std::uint64_t message) {
    if (s->log.extra_of(position).share_bytes == 0) gone.emplace_back(position, message);
  });
  for (const auto& [position, message] : gone) drop_entry(*s, position, message);
  if (s->log.empty()) {
    end_if_empty(number, *s, to);
  } else {
    to.rows.write(column::session, session_key(number, session_row::ended), number_value(1));
  }
}

void tables::apply(const store::subscribed& r, const commit_target& to) {
  const session* const s = find(r.session.value());
  if (s == nullptr || s->ended) return;
  to.rows.write(column::subscription, subscription_key(r.session.value(), r.filter),
                subscription_value(r.terms));
}

void tables::apply(const store::unsubscribed& r, const commit_target& to) {
  if (find(r.session.value()) == nullptr) return;
  to.rows.erase(column::subscription, subscription_key(r.session.value(), r.filter));
}

void tables::apply(const store::enqueued& r, const commit_target& to) {
  GODWIT_ASSERT(r.message);
  saw(*r.message);
  saw(r.commit);
  session* const s = find_session(r.session.value());
  if (s == nullptr) return;
  // A session that ended keeps what came through a group; nothing else can enter it.
  if (s->ended && r.share.empty()) return;
  enqueued_record record = as_record(r);
  if (record.commit != 0 && decided_soon_.contains(record.commit)) record.commit = 0;
  std::string identifiers;
  for (const std::uint32_t one : r.identifiers) append_integers(identifiers, one);
  record.identifiers = identifiers;
  if (!messages_.contains(record.message)) {
    const std::uint32_t offset = to.chunk.add(*r.message);
    messages_.place(record.message, {to.number, offset}, encoded_size(r.message->fields()));
  }
  to.chunk.add(record);
  add_entry(*s, record);
}

void tables::apply(const store::sent& r, const commit_target& to) {
  const sent_record record{r.session.value(), r.position.value(), r.id.value()};
  const session* const s = find(record.session);
  if (s == nullptr || s->log.find(record.position) == 0) return;
  to.chunk.add(record);
  replay(record);
}

void tables::apply(const store::rec_received& r, const commit_target& to) {
  const rec_received_record record{r.session.value(), r.position.value()};
  const session* const s = find(record.session);
  if (s == nullptr || s->log.find(record.position) == 0) return;
  to.chunk.add(record);
  replay(record);
}

void tables::apply(const store::removed& r, const commit_target& to) {
  const std::uint64_t number = r.session.value();
  const std::uint64_t position = r.position.value();
  if (session* const s = find_session(number)) {
    if (const std::uint64_t message = s->log.find(position)) {
      to.chunk.add(removed_record{number, position});
      drop_entry(*s, position, message);
      end_if_empty(number, *s, to);
    }
  }
  decide(r.commit, to);
}

void tables::apply(const store::qos2_received& r, const commit_target& to) {
  session* const s = find_session(r.session.value());
  if (s != nullptr && !s->ended && s->qos2_ids.insert(r.id.value()).second) {
    ++qos2_ids_;
    to.chunk.add(qos2_received_record{r.session.value(), r.id.value()});
  }
  decide(r.commit, to);
}

void tables::apply(const store::qos2_released& r, const commit_target& to) {
  session* const s = find_session(r.session.value());
  if (s == nullptr || s->qos2_ids.erase(r.id.value()) == 0) return;
  --qos2_ids_;
  to.chunk.add(qos2_released_record{r.session.value(), r.id.value()});
}

void tables::apply(const store::committed& r, const commit_target& to) {
  decide(r.commit, to);
}

void tables::apply(const store::will_stored& r, const commit_target& to) {
  saw(*r.message);
  to.rows.write(column::will, key_of(r.message->number().value()), will_value(r));
}

void tables::apply(const store::will_removed& r, const commit_target& to) {
  to.rows.erase(column::will, key_of(r.will.value()));
  decide(r.commit, to);
}

void tables::apply(const store::retained& r, const commit_target& to) {
  const mqtt::message& m = *r.message;
  saw(m);
  if (const auto there = to.rows.read(column::retained, m.topic())) {
    const auto fields = read_retained(*there);
    if (fields && fields->retain_version > m.retain_version()) return;
  }
  if (m.payload().empty()) {
    to.rows.erase(column::retained, m.topic());
  } else {
    to.rows.write(column::retained, m.topic(), retained_value(m));
  }
}

void tables::add_entry(session& s, const enqueued_record& r) {
  s.next_position = std::max(s.next_position, r.position + 1);
  s.log.insert(r.position, r.message);
  messages_.add_reference(r.message);
  ++entries_;
  const auto share_bytes = static_cast<std::uint32_t>(r.share.empty() ? 0 : r.share.size() + 4);
  share_bytes_ += share_bytes;
  const entry_extra extra{r.commit, share_bytes, r.id, r.received};
  if (!extra.is_plain()) s.log.extra_for(r.position) = extra;
  if (r.commit == 0) return;
  undecided& u = undecided_[r.commit];
  u.entries.push_back({r.session, r.position});
  ++u.waiting;
}

void tables::drop_entry(session& s, std::uint64_t position, std::uint64_t message) {
  const entry_extra extra = s.log.extra_of(position);
  share_bytes_ -= extra.share_bytes;
  no_longer_waits(extra.commit);
  s.log.erase(position);
  messages_.release(message);
  --entries_;
}

void tables::end_if_empty(std::uint64_t number, session& s, const commit_target& to) {
  if (!s.ended || !s.log.empty()) return;
  to.rows.erase_all_with(column::session, key_of(number));
  sessions_.erase(number);
}

bool tables::decide(std::uint64_t commit) {
  const auto at = undecided_.find(commit);
  if (at == undecided_.end()) return false;
  for (const entry_name& name : at->second.entries) {
    session* const s = find_session(name.session);
    if (s == nullptr) continue;
    // The same position can only be the same entry: positions are never used twice.
    entry_extra* const extra = s->log.find_extra(name.position);
    if (extra == nullptr || extra->commit != commit) continue;
    extra->commit = 0;
    s->log.tidy_extra(name.position);
  }
  undecided_.erase(at);
  return true;
}

void tables::decide(mqtt::message_number commit, const commit_target& to) {
  saw(commit);
  decided_soon_.erase(commit.value());
  if (commit.value() != 0 && decide(commit.value())) {
    to.chunk.add(committed_record{commit.value()});
  }
}

void tables::no_longer_waits(std::uint64_t commit) {
  if (commit == 0) return;
  const auto at = undecided_.find(commit);
  GODWIT_ASSERT(at != undecided_.end());
  if (--at->second.waiting == 0) undecided_.erase(at);
}

bool tables::drop_undecided() {
  bool dropped = false;
  const auto all = std::move(undecided_);
  undecided_ = {};
  for (const auto& [commit, u] : all) {
    for (const entry_name& name : u.entries) {
      session* const s = find_session(name.session);
      if (s == nullptr) continue;
      entry_extra* const extra = s->log.find_extra(name.position);
      if (extra == nullptr || extra->commit != commit) continue;
      extra->commit = 0;
      drop_entry(*s, name.position, s->log.find(name.position));
      dropped = true;
    }
  }
  return dropped;
}

void tables::saw(const mqtt::message& m) noexcept {
  saw(m.number());
  seen_.retain_version = std::max(seen_.retain_version, m.retain_version());
}

void tables::saw(mqtt::message_number n) noexcept {
  seen_.message_number = std::max(seen_.message_number, n.value());
}

tables::session* tables::find_session(std::uint64_t number) noexcept {
  const auto at = sessions_.find(number);
  return at == sessions_.end() ? nullptr : at->second.get();
}

const tables::session* tables::find(std::uint64_t number) const noexcept {
  const auto at = sessions_.find(number);
  return at == sessions_.end() ? nullptr : at->second.get();
}

std::uint64_t tables::full_live_bytes() const noexcept {
  return messages_.live_bytes() + entries_ * enqueued_size + share_bytes_ +
         qos2_ids_ * qos2_record_size;
}

std::size_t tables::allocated_bytes() const noexcept {
  std::size_t bytes = messages_.allocated_bytes() +
                      sessions_.bucket_count() * (sizeof(session_map::value_type) + 1);
  for (const auto& [number, s] : sessions_) {
    bytes += sizeof(session) + s->log.allocated_bytes() + s->qos2_ids.capacity() * 2;
  }
  return bytes;
}

}  // namespace godwit::store_rocksdb
