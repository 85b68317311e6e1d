#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/session/message_log.hpp>

#include <algorithm>
#include <utility>

namespace godwit::session {

namespace {

/// Below this many entries, gaps and unused memory are not worth the work.
constexpr std::uint32_t small = 64;
/// Packet ids: 1 to this.
constexpr std::uint32_t ids = 65'535;

}  // namespace

log_position message_log::add(addition a, recorder& records) {
  GODWIT_ASSERT(a.message);
  const log_position position{next_position_++};
  const auto size = a.message->content_size();
  const bool durable = is_persistent() && a.quality != mqtt::qos::at_most_once;
  GODWIT_ASSERT(a.commit.value() == 0 || durable);
  if (durable) {
    records.write(store::enqueued{session_, position, a.message, a.quality, a.retain,
                                  std::string{a.share}, a.commit});
  }
  if (!a.share.empty() && a.quality != mqtt::qos::at_most_once) {
    if (!shares_) shares_ = std::make_unique<std::map<std::uint64_t, std::string>>();
    shares_->emplace(position.value(), a.share);
  }
  entry e;
  e.message = std::move(a.message);
  e.position = position;
  e.at = a.commit.value() != 0 ? state::tentative : state::queued;
  e.quality = a.quality;
  e.retain = a.retain;
  entries_.push_back(std::move(e));
  ++live_;
  bytes_ += size;
  return position;
}

void message_log::commit(log_position position) noexcept {
  entry* const e = find(position);
  if (e != nullptr && e->at == state::tentative) e->at = state::queued;
}

tally message_log::pump(const pump_rules& rules, recorder& records, std::vector<outgoing>& out) {
  tally expired;
  release(rules, out);
  admit(rules, records, expired);
  send(rules, out);
  trim();
  return expired;
}

/// Gives packet ids to what fits into the window. For QoS 2 the id must be on disk before the
/// PUBLISH leaves, or a crash could send it again under another id.
void message_log::admit(const pump_rules& rules, recorder& records, tally& expired) {
  for (; admitted_end_ < entries_.size(); ++admitted_end_) {
    entry& e = entries_[admitted_end_];
    if (e.at == state::gone) {
      ++gaps_;
      continue;
    }
    // Nothing overtakes a message that may come back, so what has an id on disk lies in front.
    if (e.at == state::tentative || e.at == state::moving) return;
    if (is_expired(*e.message, rules)) {
      const tally t = drop(e, records);
      expired.count += t.count;
      expired.bytes += t.bytes;
      ++gaps_;
      continue;
    }
    if (e.quality == mqtt::qos::at_most_once) {
      e.at = state::admitted;
      continue;
    }
    if (inflight_ >= rules.window + (GODWIT_SEEDED_BUG(window_too_wide) ? 1U : 0U)) return;
    e.id = next_id();
    e.at = state::admitted;
    ++inflight_;
    if (!is_persistent()) continue;
    records.write(store::sent{session_, e.position, e.id});
    if (GODWIT_SEEDED_BUG(qos2_publish_before_its_id)) continue;
    if (e.quality == mqtt::qos::exactly_once) e.batch = records.open_batch();
  }
}

void message_log::send(const pump_rules& rules, std::vector<outgoing>& out) {
  for (; sent_end_ < admitted_end_; ++sent_end_) {
    entry& e = entries_[sent_end_];
    switch (e.at) {
      case state::gone:
      case state::moving:
        break;
      case state::admitted:
      case state::sent:
        if (!e.batch.is_covered_by(rules.durable)) return;
        if (GODWIT_SEEDED_BUG(resume_without_dup)) e.was_sent = false;
        out.push_back({outgoing::kind::publish, e.quality, e.was_sent, e.retain, e.id, e.message});
        if (e.quality == mqtt::qos::at_most_once) {
          take_out(e);
        } else {
          e.at = state::sent;
          e.was_sent = true;
        }
        break;
      case state::received:  // only after `resume`: PUBREL in the order of the log
        if (!e.batch.is_covered_by(rules.durable)) return;
        e.at = state::released;
        [[fallthrough]];
      case state::released:
        out.push_back({outgoing::kind::pubrel, e.quality, false, false, e.id, {}});
        break;
      case state::tentative:
      case state::queued:
        GODWIT_ASSERT(false);
    }
  }
}

void message_log::release(const pump_rules& rules, std::vector<outgoing>& out) {
  while (!to_release_.empty()) {
    entry* const e = find(to_release_.front());
    if (e != nullptr && e->at == state::received) {
      if (!e->batch.is_covered_by(rules.durable)) return;
      out.push_back({outgoing::kind::pubrel, e->quality, false, false, e->id, {}});
      e->at = state::released;
    }
    to_release_.pop_front();
  }
  if (to_release_.capacity() > small) to_release_.clear();
}

void message_log::resume() noexcept {
  if (GODWIT_SEEDED_BUG(resume_sends_nothing)) sent_end_ = admitted_end_;
  if (!GODWIT_SEEDED_BUG(resume_sends_nothing)) sent_end_ = 0;
  to_release_.clear();
}

tally message_log::suspend() {
  tally dropped;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.at == state::gone || e.quality != mqtt::qos::at_most_once) continue;
    const tally t = take_out(e);
    dropped.count += t.count;
    dropped.bytes += t.bytes;
  }
  sent_end_ = 0;
  trim();
  return dropped;
}

message_log::ack_outcome message_log::on_puback(mqtt::packet_id id, recorder& records) {
  entry* const e = find_inflight(id);
  if (e == nullptr || e->quality != mqtt::qos::at_least_once || e->at != state::sent) {
    return ack_outcome::unknown;
  }
  drop(*e, records);
  trim();
  return ack_outcome::done;
}

message_log::ack_outcome message_log::on_pubrec(mqtt::packet_id id, recorder& records) {
  entry* const e = find_inflight(id);
  if (e == nullptr || e->quality != mqtt::qos::exactly_once) return ack_outcome::unknown;
  if (e->at == state::sent) {
    e->at = state::received;
    if (is_persistent()) {
      records.write(store::rec_received{session_, e->position});
      if (!GODWIT_SEEDED_BUG(qos2_pubrel_before_pubrec)) e->batch = records.open_batch();
    }
    to_release_.push_back(e->position);
    return ack_outcome::advanced;
  }
  if (e->at == state::released) {  // the peer did not see our PUBREL
    e->at = state::received;
    to_release_.push_back(e->position);
    return ack_outcome::advanced;
  }
  return e->at == state::received ? ack_outcome::advanced : ack_outcome::unknown;
}

message_log::ack_outcome message_log::on_pubcomp(mqtt::packet_id id, recorder& records) {
  entry* const e = find_inflight(id);
  if (e == nullptr || e->at != state::released) return ack_outcome::unknown;
  drop(*e, records);
  trim();
  return ack_outcome::done;
}

tally message_log::drop_oldest_unsent(recorder& records) {
  for (std::uint32_t i = admitted_end_; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.at != state::queued) continue;
    const tally t = drop(e, records);
    trim();
    return t;
  }
  return {};
}

tally message_log::drop_older_than(base::wall_time oldest, recorder& records) {
  tally dropped;
  for (std::uint32_t i = admitted_end_; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.at != state::queued) continue;
    if (e.message->arrival() >= oldest) break;
    const tally t = drop(e, records);
    dropped.count += t.count;
    dropped.bytes += t.bytes;
  }
  trim();
  return dropped;
}

void message_log::put_back(log_position position, recorder& records) {
  entry* const e = find(position);
  GODWIT_ASSERT(e != nullptr && e->at == state::moving);
  const auto message = e->message;
  const auto quality = e->quality;
  const std::string share = shares_->at(position.value());
  remove(position, {}, records);
  add({message, quality, false, {}, share}, records);
}

tally message_log::remove(log_position position, mqtt::message_number commit, recorder& records) {
  entry* const e = find(position);
  if (e == nullptr || e->at == state::gone) return {};
  if (is_persistent() && e->quality != mqtt::qos::at_most_once) {
    records.write(store::removed{session_, position, commit});
  }
  const tally t = take_out(*e);
  trim();
  return t;
}

tally message_log::end_session(recorder& records) {
  tally went;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.at == state::gone || e.at == state::moving || may_move(e)) continue;
    // The end of a session leaves messages of shared groups in the store; this one stays nowhere.
    const bool is_shared = shares_ && shares_->contains(e.position.value());
    const tally t = is_shared ? drop(e, records) : take_out(e);
    went.count += t.count;
    went.bytes += t.bytes;
  }
  to_release_.clear();
  trim();
  return went;
}

bool message_log::may_move(const entry& e) const {
  if (!shares_ || !shares_->contains(e.position.value())) return false;
  if (GODWIT_SEEDED_BUG(share_ends_with_member)) return false;
  if (GODWIT_SEEDED_BUG(share_moves_after_sending)) return true;
  return e.quality == mqtt::qos::at_least_once || !e.was_sent;
}

std::optional<message_log::shared_message> message_log::take_share() {
  if (!shares_) return std::nullopt;
  for (const auto& [position, share] : *shares_) {
    entry* const e = find(log_position{position});
    GODWIT_ASSERT(e != nullptr && e->at != state::gone);
    if (e->at == state::moving || e->at == state::tentative || !may_move(*e)) continue;
    if (!GODWIT_SEEDED_BUG(packet_id_leaks)) free_id(*e);
    e->at = state::moving;
    return shared_message{e->position, e->message, e->quality, share};
  }
  return std::nullopt;
}

void message_log::restore(const store::restored_session& session) {
  next_position_ = std::max<std::uint64_t>(1, session.next_position.value());
  for (const store::restored_entry& r : session.entries) {
    entry e;
    e.message = r.message;
    e.position = r.position;
    e.quality = r.quality;
    e.retain = r.retain;
    bytes_ += r.message->content_size();
    ++live_;
    if (!r.share.empty()) {
      if (!shares_) shares_ = std::make_unique<std::map<std::uint64_t, std::string>>();
      shares_->emplace(r.position.value(), r.share);
    }
    // What an ended session still has was never sent, or may be sent again by another member.
    if (r.id.value() != 0 && !session.ended) {
      e.id = r.id;
      e.at = r.received && !GODWIT_SEEDED_BUG(qos2_pubrec_lost_at_restart) ? state::released
                                                                           : state::sent;
      e.was_sent = true;
      ++inflight_;
      last_id_ = std::max(last_id_, r.id.value());
      // What has an id lies before everything that has none, because ids are given in log order.
      GODWIT_ASSERT(admitted_end_ == entries_.size());
      ++admitted_end_;
    }
    entries_.push_back(std::move(e));
  }
}

bool message_log::waits_for_disk(batch_number durable) const noexcept {
  if (!to_release_.empty()) return true;
  if (sent_end_ >= admitted_end_) return false;
  return !entries_[sent_end_].batch.is_covered_by(durable);
}

message_log::entry* message_log::find_inflight(mqtt::packet_id id) noexcept {
  if (id.value() == 0) return nullptr;
  // Acknowledgements mostly come in order, so the first entries are the likely ones.
  for (std::uint32_t i = 0; i < admitted_end_; ++i) {
    entry& e = entries_[i];
    if (e.id == id && e.at != state::gone) return &e;
  }
  return nullptr;
}

message_log::entry* message_log::find(log_position position) noexcept {
  std::uint32_t low = 0;
  std::uint32_t high = entries_.size();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (entries_[middle].position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == entries_.size() || entries_[low].position != position) return nullptr;
  return &entries_[low];
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
      const entry& e = entries_[i];
      if (e.at == state::gone || e.id.value() == 0) continue;
      const std::uint32_t ahead = (e.id.value() + ids - cursor) % ids;
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
void message_log::free_id(entry& e) noexcept {
  if (e.id.value() == 0) return;
  --inflight_;
  if ((last_id_ + ids_known_free_) % ids + 1U == e.id.value()) ++ids_known_free_;
  if (GODWIT_SEEDED_BUG(packet_id_reused)) last_id_ = static_cast<std::uint16_t>(e.id.value() - 1);
  e.id = {};
}

tally message_log::take_out(entry& e) noexcept {
  const tally t{1, e.message->content_size()};
  free_id(e);
  if (shares_) shares_->erase(e.position.value());
  const bool is_admitted =
      admitted_end_ == entries_.size() || e.position < entries_[admitted_end_].position;
  if (is_admitted) ++gaps_;
  bytes_ -= t.bytes;
  --live_;
  e.at = state::gone;
  e.message = {};
  return t;
}

tally message_log::drop(entry& e, recorder& records) {
  if (is_persistent() && e.quality != mqtt::qos::at_most_once) {
    records.write(store::removed{session_, e.position, {}});
  }
  return take_out(e);
}

/// After something has gone. All steps are paid for by what went, so that a message stuck in front
/// costs those behind it neither time nor memory.
void message_log::trim() noexcept {
  // What is gone at the head of the queue counts as admitted: nobody looks at it again.
  while (admitted_end_ < entries_.size() && entries_[admitted_end_].at == state::gone) {
    if (sent_end_ == admitted_end_) ++sent_end_;
    ++admitted_end_;
    ++gaps_;
  }
  while (!entries_.empty() && entries_.front().at == state::gone) {
    entries_.pop_front();
    --admitted_end_;
    --gaps_;
    if (sent_end_ != 0) --sent_end_;
  }
  if (gaps_ > small && gaps_ > admitted_end_ / 2) close_gaps();
  if (entries_.capacity() > small && live_ < entries_.capacity() / 4) shrink();
}

/// Moves what is in the window together, towards the queue.
void message_log::close_gaps() noexcept {
  std::uint32_t to = admitted_end_;
  std::uint32_t unsent = 0;
  for (std::uint32_t from = admitted_end_; from-- != 0;) {
    if (entries_[from].at == state::gone) continue;
    if (from >= sent_end_) ++unsent;
    if (--to != from) entries_[to] = std::move(entries_[from]);
  }
  GODWIT_ASSERT(to == gaps_);
  for (; to != 0; --to) entries_.pop_front();
  admitted_end_ -= gaps_;
  sent_end_ = admitted_end_ - unsent;
  gaps_ = 0;
}

/// Gives the memory of a burst back, and closes gaps in the queue.
void message_log::shrink() {
  base::ring<entry> kept;
  std::uint32_t admitted = 0;
  std::uint32_t handled = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entry& e = entries_[i];
    if (e.at == state::gone) continue;
    if (i < admitted_end_) ++admitted;
    if (i < sent_end_) ++handled;
    kept.push_back(std::move(e));
  }
  entries_ = std::move(kept);
  admitted_end_ = admitted;
  sent_end_ = handled;
  gaps_ = 0;
}

bool message_log::is_expired(const mqtt::message& m, const pump_rules& rules) noexcept {
  if (m.arrival() < rules.oldest) return true;
  const auto expiry = m.expiry_s();
  return expiry && m.arrival() + std::chrono::seconds{*expiry} <= rules.now;
}

}  // namespace godwit::session
