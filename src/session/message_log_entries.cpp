#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/session/message_log.hpp>

#include <algorithm>
#include <utility>

/// The entries of the log: finding them, their packet ids, and what happens when one is gone.

namespace godwit::session {

namespace {

/// Below this many, gaps are not worth the work.
constexpr std::uint32_t small = 64;
/// Packet ids: 1 to this.
constexpr std::uint32_t ids = 65'535;

}  // namespace

log_entry* message_log::find_inflight(mqtt::packet_id id) noexcept {
  if (id.value() == 0) return nullptr;
  // Acknowledgements mostly come in order, so the first entries are the likely ones.
  for (std::uint32_t i = 0; i < admitted_end_; ++i) {
    log_entry& e = entries_[i];
    if (e.id() == id && e.at() != state::gone) return &e;
  }
  return nullptr;
}

/// The entry's place, or the end if there is none.
std::uint32_t message_log::index_of(log_position position) const noexcept {
  const std::uint32_t size = entries_.size();
  const auto is_here = [&](std::uint32_t i) {
    const log_entry& e = entries_[i];
    return e.position() == position && e.quality() != mqtt::qos::at_most_once;
  };
  // Mostly nothing behind it has been moved, so it can be counted from the end.
  const std::uint64_t behind = next_position_ - position.value();
  if (behind != 0 && behind <= size) {
    const auto guess = static_cast<std::uint32_t>(size - behind);
    if (is_here(guess)) return guess;
  }
  std::uint32_t low = 0;
  std::uint32_t high = size;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (entries_[middle].position() < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < size && is_here(low) ? low : size;
}

log_entry* message_log::find(log_position position) noexcept {
  const std::uint32_t index = index_of(position);
  return index < entries_.size() ? &entries_[index] : nullptr;
}

bool message_log::is_in_window(const log_entry& e) const noexcept {
  switch (e.at()) {
    case state::admitted:
    case state::sent:
    case state::received:
    case state::released:
      return true;
    case state::tentative:
    case state::queued:
    case state::gone:
      return false;
    case state::moving:
      break;
  }
  if (admitted_end_ == entries_.size()) return true;
  const log_entry& first = entries_[admitted_end_];
  return &e != &first && e.position() <= first.position();  // QoS 0 has the position before it
}

/// The next id in a circle that is not in flight. [v311 MQTT-2.3.1-4] How many free ids follow is
/// worked out once and then counted down, so that long windows stay cheap.
mqtt::packet_id message_log::next_id() noexcept {
  if (ids_known_free_ == 0) {
    GODWIT_ASSERT(inflight_ < ids);
    const std::uint32_t cursor = last_id_ == 0 ? ids : last_id_;
    std::vector<std::uint32_t> used;  // how far ahead of the cursor, 1 to 65535
    used.reserve(inflight_);
    for (std::uint32_t i = 0; i < admitted_end_; ++i) {
      const log_entry& e = entries_[i];
      if (e.at() == state::gone || e.id().value() == 0) continue;
      const std::uint32_t ahead = (e.id().value() + ids - cursor) % ids;
      used.push_back(ahead == 0 ? ids : ahead);
    }
    std::sort(used.begin(), used.end());
    std::uint32_t skip = 0;
    while (skip < used.size() && used[skip] == skip + 1) ++skip;
    const std::uint32_t end = skip < used.size() ? used[skip] : ids + 1;
    last_id_ = static_cast<std::uint16_t>((cursor - 1 + skip) % ids + 1);
    ids_known_free_ = static_cast<std::uint16_t>(end - skip - 1);
  }
  --ids_known_free_;
  last_id_ = static_cast<std::uint16_t>(last_id_ % ids + 1U);
  return mqtt::packet_id{last_id_};
}

/// In a full window the next id is the one that was acknowledged just now, mostly.
void message_log::free_id(log_entry& e) noexcept {
  if (e.id().value() == 0) return;
  --inflight_;
  if (e.is_on_wire()) --on_wire_;
  e.set_on_wire(false);
  if ((last_id_ + ids_known_free_) % ids + 1U == e.id().value()) ++ids_known_free_;
  if (GODWIT_SEEDED_BUG(packet_id_reused)) {
    last_id_ = static_cast<std::uint16_t>(e.id().value() - 1);
  }
  e.set(mqtt::packet_id{});
}

bool message_log::has_expired(const log_entry& e, const pump_rules& rules) noexcept {
  return e.is_expired(rules.now) && !GODWIT_SEEDED_BUG(expired_still_sent);
}

bool message_log::is_over(const log_entry& e, const pump_rules& rules) noexcept {
  return e.arrival() < rules.oldest || has_expired(e, rules);
}

void message_log::put_on_wire(log_entry& e) noexcept {
  if (e.is_on_wire()) return;
  e.set_on_wire(true);
  ++on_wire_;
}

/// Another connection begins, and with it another count. Only what is in the window was sent.
void message_log::take_off_wire() noexcept {
  for (std::uint32_t i = 0; on_wire_ != 0 && i < admitted_end_; ++i) {
    if (!entries_[i].is_on_wire()) continue;
    entries_[i].set_on_wire(false);
    --on_wire_;
  }
  on_wire_ = 0;
}

std::span<const std::uint32_t> message_log::identifiers_of(const log_entry& e) const {
  if (!extras_ || extras_->identifiers.empty() || e.quality() == mqtt::qos::at_most_once) return {};
  const auto found = extras_->identifiers.find(e.position().value());
  return found == extras_->identifiers.end() ? std::span<const std::uint32_t>{} : found->second;
}

tally message_log::take_out(log_entry& e) noexcept {
  const tally t{1, e.size() + identifiers_of(e).size_bytes()};
  free_id(e);
  if (is_in_window(e)) ++gaps_;
  if (e.quality() == mqtt::qos::at_most_once) {
    --extras_->unassured;
  } else if (extras_) {
    extras_->shares.erase(e.position().value());
    extras_->identifiers.erase(e.position().value());
  }
  if (!e.has_body()) --extras_->spilled;
  if (e.has_body() && counts_body(e)) bodies_->held -= e.size();
  bytes_ -= t.bytes;
  --live_;
  e.set_gone();
  return t;
}

tally message_log::drop(log_entry& e, recorder& records) {
  if (is_persistent() && e.quality() != mqtt::qos::at_most_once) {
    records.write(store::removed{session_, e.position(), {}});
  }
  return take_out(e);
}

/// After something has gone. All steps are paid for by what went, so that a message stuck in front
/// costs those behind it neither time nor memory.
void message_log::trim() noexcept {
  // What is gone at the head of the queue counts as admitted: nobody looks at it again.
  while (admitted_end_ < entries_.size() && entries_[admitted_end_].at() == state::gone) {
    if (sent_end_ == admitted_end_) ++sent_end_;
    ++admitted_end_;
    ++gaps_;
  }
  while (!entries_.empty() && entries_.front().at() == state::gone) {
    entries_.pop_front();
    --admitted_end_;
    --gaps_;
    if (sent_end_ != 0) --sent_end_;
    if (extras_ && extras_->body_end != 0) --extras_->body_end;
  }
  if (gaps_ > small && gaps_ > admitted_end_ / 2) close_gaps();
  const std::uint32_t queue_gaps = entries_.size() - live_ - gaps_;
  if (queue_gaps > small && queue_gaps > (entries_.size() - admitted_end_) / 2) close_queue_gaps();
  entries_.shrink();
}

/// Moves what is in the window together, towards the queue.
void message_log::close_gaps() noexcept {
  std::uint32_t to = admitted_end_;
  std::uint32_t unsent = 0;
  for (std::uint32_t from = admitted_end_; from-- != 0;) {
    if (entries_[from].at() == state::gone) continue;
    if (from >= sent_end_) ++unsent;
    if (--to != from) entries_[to] = std::move(entries_[from]);
  }
  GODWIT_ASSERT(to == gaps_);
  for (; to != 0; --to) entries_.pop_front();
  if (extras_) {
    std::uint32_t& body_end = extras_->body_end;
    body_end = body_end >= admitted_end_ ? body_end - gaps_ : 0;
  }
  admitted_end_ -= gaps_;
  sent_end_ = admitted_end_ - unsent;
  gaps_ = 0;
}

/// Moves what is queued together, towards the window.
void message_log::close_queue_gaps() noexcept {
  std::uint32_t to = admitted_end_;
  for (std::uint32_t from = admitted_end_; from < entries_.size(); ++from) {
    if (entries_[from].at() == state::gone) continue;
    if (to != from) entries_[to] = std::move(entries_[from]);
    ++to;
  }
  while (entries_.size() > to) entries_.pop_back();
  if (extras_) extras_->body_end = std::min(extras_->body_end, admitted_end_);
}

void message_log::drop_extras_if_unused() noexcept {
  if (!extras_) return;
  const extras& x = *extras_;
  if (x.waits.empty() && x.to_release.empty() && x.shares.empty() && x.identifiers.empty() &&
      x.unassured == 0 && x.spilled == 0) {
    extras_.reset();
  }
}

}  // namespace godwit::session
