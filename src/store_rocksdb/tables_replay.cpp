#include "tables.hpp"

#include <godwit/base/assert.hpp>

#include <algorithm>

/// Replay at start, and what garbage collection keeps.

namespace godwit::store_rocksdb {

tables::session& tables::restore_session(std::uint64_t number) {
  std::unique_ptr<session>& s = sessions_[number];
  if (s == nullptr) s = std::make_unique<session>();
  return *s;
}

void tables::replay(const chunk_record& r, std::uint64_t chunk, std::uint32_t offset) {
  std::visit(
      [&](const auto& one) {
        if constexpr (std::is_same_v<decltype(one), const message_record&>) {
          replay(one, chunk, offset);
        } else {
          replay(one);
        }
      },
      r);
}

void tables::replay(const message_record& r, std::uint64_t chunk, std::uint32_t offset) {
  messages_.place(r.fields.number.value(), {chunk, offset}, encoded_size(r.fields));
}

void tables::replay(const enqueued_record& r) {
  session* const s = find_session(r.session);
  if (s == nullptr) return;
  if (s->ended && r.share.empty()) {
    // It went with the session's end, which its row knows already.
    s->next_position = std::max(s->next_position, r.position + 1);
    return;
  }
  if (s->log.find(r.position) == 0) add_entry(*s, r);
}

void tables::replay(const committed_record& r) {
  std::ignore = decide(r.commit);
}

void tables::replay(const sent_record& r) {
  session* const s = find_session(r.session);
  if (s != nullptr && s->log.find(r.position) != 0) s->log.extra_for(r.position).id = r.id;
}

void tables::replay(const removed_record& r) {
  session* const s = find_session(r.session);
  if (s == nullptr) return;
  if (const std::uint64_t message = s->log.find(r.position)) drop_entry(*s, r.position, message);
}

void tables::replay(const rec_received_record& r) {
  session* const s = find_session(r.session);
  if (s != nullptr && s->log.find(r.position) != 0) s->log.extra_for(r.position).received = true;
}

void tables::replay(const qos2_received_record& r) {
  session* const s = find_session(r.session);
  if (s != nullptr && !s->ended && s->qos2_ids.insert(r.id).second) ++qos2_ids_;
}

void tables::replay(const qos2_released_record& r) {
  session* const s = find_session(r.session);
  if (s != nullptr) qos2_ids_ -= s->qos2_ids.erase(r.id);
}

void tables::replay(const restarted_record& /*none*/) {
  std::ignore = drop_undecided();
}

tables::settled tables::settle() {
  settled out;
  out.dropped_undecided = drop_undecided();
  for (const auto& [number, s] : sessions_) {
    s->next_position = std::max(s->next_position, s->kept_next);
    if (s->ended && s->log.empty()) out.gone_sessions.push_back(number);
  }
  for (const std::uint64_t number : out.gone_sessions) sessions_.erase(number);
  out.lacking_body = messages_.settle();
  return out;
}

void tables::keep_if_live(const chunk_record& r, std::uint64_t from, std::uint32_t offset,
                          const commit_target& to) {
  if (const auto* const m = std::get_if<message_record>(&r)) {
    const std::uint64_t number = m->fields.number.value();
    if (messages_.find(number) != body_location{from, offset}) return;
    const std::uint32_t there = to.chunk.add(m->fields);
    replay(*m, to.number, there);
  } else if (const auto* const e = std::get_if<enqueued_record>(&r)) {
    session* const s = find_session(e->session);
    if (s == nullptr) return;
    if (e->position >= s->kept_next) {
      s->kept_next = e->position + 1;
      moved_next_.push_back(e->session);
    }
    if (s->log.find(e->position) == 0) return;
    const entry_extra extra = s->log.extra_of(e->position);
    enqueued_record whole = *e;
    whole.id = extra.id;
    whole.received = extra.received;
    whole.commit = extra.commit;
    to.chunk.add(whole);
  } else if (const auto* const q = std::get_if<qos2_received_record>(&r)) {
    const session* const s = find(q->session);
    if (s != nullptr && s->qos2_ids.contains(q->id)) to.chunk.add(*q);
  }
}

void tables::set_next_position(std::uint64_t number, std::uint64_t next, const commit_target& to) {
  session* const s = find_session(number);
  if (s == nullptr) return;
  s->next_position = std::max(s->next_position, next);
  s->kept_next = s->next_position;
  moved_next_.push_back(number);
  finish_keeping(to);
}

void tables::finish_keeping(const commit_target& to) {
  std::sort(moved_next_.begin(), moved_next_.end());
  moved_next_.erase(std::unique(moved_next_.begin(), moved_next_.end()), moved_next_.end());
  for (const std::uint64_t number : moved_next_) {
    const session* const s = find(number);
    if (s == nullptr) continue;
    to.rows.write(column::session, session_key(number, session_row::next_position),
                  number_value(s->kept_next));
  }
  moved_next_.clear();
}

}  // namespace godwit::store_rocksdb
