#include <godwit/base/assert.hpp>
#include <godwit/session/message_log.hpp>

#include <algorithm>
#include <utility>

namespace godwit::session {

namespace {

/// So many entries are looked at for one page of so many messages, at most.
constexpr std::uint32_t looks_per_message = 4;

}  // namespace

void message_log::spill(log_position position) noexcept {
  const std::uint32_t index = index_of(position);
  if (index == entries_.size()) return;
  log_entry& e = entries_[index];
  if (e.at() == state::queued && e.has_body()) let_go(e, index);
}

void message_log::let_go(log_entry& e, std::uint32_t index) noexcept {
  GODWIT_ASSERT(is_persistent() && e.quality() != mqtt::qos::at_most_once);
  if (counts_body(e)) bodies_->held -= e.size();
  e.drop_body();
  extras& x = extra();
  ++x.spilled;
  x.body_end = std::min(x.body_end, index);
}

/// A page that was fetched lies within this distance of the window.
void message_log::let_fetched_go() noexcept {
  if (bodies_ == nullptr) return;
  const std::uint32_t reach = page_rules{}.messages_max * (looks_per_message + 1);
  const std::uint32_t end = std::min(entries_.size(), admitted_end_ + reach);
  for (std::uint32_t i = admitted_end_; bodies_->is_over() && i < end; ++i) {
    log_entry& e = entries_[i];
    if (e.at() == state::queued && e.has_body() && e.is_stored()) let_go(e, i);
  }
}

bool message_log::has_enough_ahead(const pump_rules& rules, const page_rules& most) const {
  const std::uint32_t body_end = extras_->body_end;
  if (body_end < admitted_end_) return false;  // in the window, to be sent again
  const std::uint32_t ahead = body_end - admitted_end_;
  if (bodies_ != nullptr && bodies_->is_tight()) return ahead != 0 || inflight_ >= rules.window;
  if (ahead >= most.messages_max / 2) return ahead != 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = admitted_end_; i < body_end; ++i) {
    if (entries_[i].at() != state::gone) bytes += entries_[i].size();
  }
  return bytes >= most.bytes_max / 2;
}

message_log::page message_log::wanted(const pump_rules& rules, const page_rules& most) {
  page out;
  if (spilled() == 0) return out;
  std::uint32_t& body_end = extras_->body_end;
  body_end = std::max(body_end, sent_end_);
  while (body_end < entries_.size() && !needs_body(entries_[body_end])) ++body_end;
  if (body_end == entries_.size() || has_enough_ahead(rules, most)) return out;
  std::uint32_t messages_max = std::max(most.messages_max, 1U);
  if (bodies_ != nullptr && bodies_->is_tight() && body_end >= admitted_end_) {
    const std::uint32_t room = rules.window > inflight_ ? rules.window - inflight_ : 1;
    messages_max = std::min(messages_max, room);
  }
  std::uint64_t bytes = 0;
  const std::uint32_t looks = most.messages_max * looks_per_message;
  const std::uint32_t end = std::min(entries_.size(), body_end + looks);
  for (std::uint32_t i = body_end; i < end && out.numbers.size() < messages_max; ++i) {
    const log_entry& e = entries_[i];
    if (!needs_body(e) || (e.at() == state::queued && is_over(e, rules))) continue;
    bytes += e.size();
    if (!out.numbers.empty() && bytes > most.bytes_max) break;
    out.numbers.push_back(e.number());
    out.positions.push_back(e.position());
  }
  return out;
}

message_log::page message_log::wanted_for_handover(const page_rules& most) const {
  page out;
  if (spilled() == 0) return out;
  const auto& shares = extras_->shares;
  std::uint64_t bytes = 0;
  std::uint32_t looks = most.messages_max * looks_per_message;
  for (auto at = shares.begin(); at != shares.end() && looks != 0; ++at, --looks) {
    const log_entry& e = entries_[index_of(log_position{at->first})];
    if (!needs_body(e) || !may_move(e)) continue;
    bytes += e.size();
    const bool is_full = out.numbers.size() == most.messages_max || bytes > most.bytes_max;
    if (!out.numbers.empty() && is_full) break;
    out.numbers.push_back(e.number());
    out.positions.push_back(e.position());
  }
  return out;
}

message_log::body_fate message_log::put_body(log_position position,
                                             base::ref<const mqtt::message> m) {
  log_entry* const e = find(position);
  if (e == nullptr || e->at() == state::gone || e->has_body()) return body_fate::not_needed;
  if (m->number() != e->number() || m->content_size() != e->size()) return body_fate::wrong;
  e->put_body(std::move(m));
  --extras_->spilled;
  if (counts_body(*e)) bodies_->held += e->size();
  return body_fate::taken;
}

tally message_log::lose_body(log_position position, recorder& records) {
  log_entry* const e = find(position);
  if (e == nullptr || e->at() == state::gone || e->has_body()) return {};
  const tally t = drop(*e, records);
  trim();
  return t;
}

std::uint64_t message_log::compute_held_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const log_entry& e = entries_[i];
    if (e.at() != state::gone && e.has_body() && counts_body(e)) sum += e.size();
  }
  return sum;
}

}  // namespace godwit::session
