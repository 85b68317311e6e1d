#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/session/message_log.hpp>

#include <algorithm>
#include <utility>

/// How messages leave the log other than by being acknowledged, and how it comes back.

namespace godwit::session {

tally message_log::drop_oldest_unsent(recorder& records) {
  for (std::uint32_t i = admitted_end_; i < entries_.size(); ++i) {
    log_entry& e = entries_[i];
    if (e.at() != state::queued) continue;
    const tally t = drop(e, records);
    trim();
    return t;
  }
  return {};
}

tally message_log::drop_older_than(base::wall_time oldest, recorder& records) {
  tally dropped;
  for (std::uint32_t i = admitted_end_; i < entries_.size(); ++i) {
    log_entry& e = entries_[i];
    if (e.at() != state::queued) continue;
    if (e.arrival() >= oldest) break;
    dropped += drop(e, records);
  }
  trim();
  return dropped;
}

log_position message_log::put_back(log_position position, recorder& records) {
  log_entry* const e = find(position);
  GODWIT_ASSERT(e != nullptr && e->at() == state::moving);
  if (!is_in_window(*e)) {
    e->set(state::queued);
    return position;
  }
  const auto message = e->body();
  const auto quality = e->quality();
  const bool retain = e->retain();
  const std::string share = extras_->shares.at(position.value());
  const auto its = identifiers_of(*e);
  const std::vector<std::uint32_t> identifiers{its.begin(), its.end()};
  remove(position, {}, records);
  return add({message, quality, retain, {}, share, identifiers}, records);
}

tally message_log::remove(log_position position, mqtt::message_number commit, recorder& records) {
  log_entry* const e = find(position);
  if (e == nullptr || e->at() == state::gone) return {};
  if (is_persistent() && e->quality() != mqtt::qos::at_most_once) {
    records.write(store::removed{session_, position, commit});
  }
  const tally t = take_out(*e);
  trim();
  return t;
}

tally message_log::end_session(recorder& records) {
  tally went;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    log_entry& e = entries_[i];
    if (e.at() == state::gone || e.at() == state::moving || may_move(e)) continue;
    // The end of a session leaves messages of shared groups in the store; this one stays nowhere.
    went += is_shared(e) ? drop(e, records) : take_out(e);
  }
  if (extras_) extras_->to_release.clear();
  trim();
  return went;
}

bool message_log::is_shared(const log_entry& e) const {
  if (!extras_ || e.quality() == mqtt::qos::at_most_once) return false;
  return extras_->shares.contains(e.position().value());
}

bool message_log::may_move(const log_entry& e) const {
  if (!is_shared(e)) return false;
  if (GODWIT_SEEDED_BUG(share_ends_with_member)) return false;
  if (GODWIT_SEEDED_BUG(share_moves_after_sending)) return true;
  return e.quality() == mqtt::qos::at_least_once || !e.was_sent();
}

std::optional<message_log::shared_message> message_log::take_share() {
  if (!extras_) return std::nullopt;
  for (const auto& [position, share] : extras_->shares) {
    log_entry* const e = find(log_position{position});
    GODWIT_ASSERT(e != nullptr && e->at() != state::gone);
    if (e->at() == state::moving || e->at() == state::tentative || !may_move(*e)) continue;
    if (!e->has_body()) return std::nullopt;
    if (!GODWIT_SEEDED_BUG(packet_id_leaks)) free_id(*e);
    e->set(state::moving);
    return shared_message{e->position(), e->body(), e->quality(), share};
  }
  return std::nullopt;
}

void message_log::restore(const store::restored_session& session) {
  next_position_ = std::max<std::uint64_t>(1, session.next_position.value());
  for (const store::restored_entry& r : session.entries) {
    log_entry e = r.message ? log_entry{r.message, r.position, r.quality}
                            : log_entry{r.summary, r.position, r.quality};
    e.set_retain(r.retain);
    bytes_ += e.size();
    ++live_;
    if (!e.has_body()) ++extra().spilled;
    if (e.has_body() && counts_body(e)) bodies_->held += e.size();
    if (!r.share.empty()) extra().shares.emplace(r.position.value(), r.share);
    if (!r.identifiers.empty() && !GODWIT_SEEDED_BUG(identifiers_not_restored)) {
      extra().identifiers.emplace(r.position.value(), r.identifiers);
      bytes_ += r.identifiers.size() * sizeof(std::uint32_t);
    }
    // What an ended session still has was never sent, or may be sent again by another member.
    if (r.id.value() != 0 && !session.ended) {
      e.set(r.id);
      const bool is_received = r.received && !GODWIT_SEEDED_BUG(qos2_pubrec_lost_at_restart);
      e.set(is_received ? state::released : state::sent);
      e.set_was_sent();
      ++inflight_;
      last_id_ = std::max(last_id_, r.id.value());
      // What has an id lies before everything that has none, because ids are given in log order.
      GODWIT_ASSERT(admitted_end_ == entries_.size());
      ++admitted_end_;
    }
    entries_.push_back(std::move(e));
  }
}

}  // namespace godwit::session
