#include <godwit/base/assert.hpp>
#include <godwit/base/seeded_bug.hpp>
#include <godwit/session/message_log.hpp>

#include <algorithm>
#include <utility>

namespace godwit::session {

namespace {

/// Below this many entries, gaps and unused memory are not worth the work.
constexpr std::uint32_t small = 64;
}  // namespace

log_position message_log::add(addition a, recorder& records) {
  GODWIT_ASSERT(a.message);
  const bool is_assured = a.quality != mqtt::qos::at_most_once;
  // QoS 0 shares the position of what it came behind, so that positions on disk have no gaps.
  const log_position position{is_assured ? next_position_++ : next_position_ - 1};
  const bool durable = is_persistent() && is_assured;
  GODWIT_ASSERT(a.commit.value() == 0 || durable);
  if (durable) {
    records.write(store::enqueued{session_,
                                  position,
                                  a.message,
                                  a.quality,
                                  a.retain,
                                  std::string{a.share},
                                  a.commit,
                                  {a.identifiers.begin(), a.identifiers.end()}});
  }
  if (!a.share.empty() && is_assured) {
    extra().shares.emplace(position.value(), a.share);
  }
  if (!a.identifiers.empty()) {
    GODWIT_ASSERT(is_assured);
    extra().identifiers.emplace(
        position.value(), std::vector<std::uint32_t>{a.identifiers.begin(), a.identifiers.end()});
  }
  log_entry& e = entries_.emplace_back(std::move(a.message), position, a.quality);
  e.set_retain(a.retain);
  if (a.commit.value() != 0) e.set(state::tentative);
  ++live_;
  if (!is_assured) ++extra().unassured;
  bytes_ += e.size() + a.identifiers.size_bytes();
  if (counts_body(e)) bodies_->held += e.size();
  return position;
}

void message_log::commit(log_position position) noexcept {
  log_entry* const e = find(position);
  if (e != nullptr && e->at() == state::tentative) e->set(state::queued);
}

tally message_log::pump(const pump_rules& rules, recorder& records, std::vector<outgoing>& out) {
  tally expired;
  settle_waits(rules.durable);
  release(out);
  admit(rules, records, expired);
  send(rules, records, out, expired);
  trim();
  return expired;
}

/// Gives packet ids to what fits into the window. For QoS 2 the id must be on disk before the
/// PUBLISH leaves, or a crash could send it again under another id.
void message_log::admit(const pump_rules& rules, recorder& records, tally& expired) {
  for (; admitted_end_ < entries_.size(); ++admitted_end_) {
    log_entry& e = entries_[admitted_end_];
    if (e.at() == state::gone) {
      ++gaps_;
      continue;
    }
    // Nothing overtakes a message that may come back, so what has an id on disk lies in front.
    if (e.at() == state::tentative || e.at() == state::moving) return;
    if (is_over(e, rules)) {
      expired += drop(e, records);
      ++gaps_;
      continue;
    }
    if (e.quality() == mqtt::qos::at_most_once) {
      e.set(state::admitted);
      continue;
    }
    if (!e.has_body()) return;
    if (inflight_ >= rules.window + (GODWIT_SEEDED_BUG(window_too_wide) ? 1U : 0U)) return;
    e.set(next_id());
    e.set(state::admitted);
    ++inflight_;
    if (!is_persistent()) continue;
    records.write(store::sent{session_, e.position(), e.id()});
    if (GODWIT_SEEDED_BUG(qos2_publish_before_its_id)) continue;
    if (e.quality() == mqtt::qos::exactly_once) wait_for_disk(e, records);
  }
}

/// What goes out again counts against the window of the new connection, which may be narrower than
/// the one that it was sent in. [v5 MQTT-3.3.4-9]
void message_log::send(const pump_rules& rules, recorder& records, std::vector<outgoing>& out,
                       tally& expired) {
  for (; sent_end_ < admitted_end_; ++sent_end_) {
    log_entry& e = entries_[sent_end_];
    const bool has_id = e.at() != state::gone && e.id().value() != 0;
    if (has_id && on_wire_ >= rules.window && !GODWIT_SEEDED_BUG(receive_maximum_not_at_resume) &&
        !GODWIT_SEEDED_BUG(window_too_wide)) {
      return;
    }
    switch (e.at()) {
      case state::gone:
      case state::moving:
        break;
      case state::admitted:
      case state::sent:
        if (e.waits() || !e.has_body()) return;
        // It got its packet id in time, but nothing of it has left yet. [v5 MQTT-3.3.2-5]
        if (!e.was_sent() && has_expired(e, rules)) {
          expired += drop(e, records);
          break;
        }
        out.push_back({outgoing::kind::publish, e.quality(),
                       e.was_sent() && !GODWIT_SEEDED_BUG(resume_without_dup), e.retain(), e.id(),
                       e.body(), identifiers_of(e)});
        if (e.quality() == mqtt::qos::at_most_once) {
          take_out(e);
        } else {
          e.set(state::sent);
          e.set_was_sent();
          put_on_wire(e);
        }
        break;
      case state::received:  // only after `resume`: PUBREL in the order of the log
        if (e.waits()) return;
        e.set(state::released);
        [[fallthrough]];
      case state::released:
        out.push_back({outgoing::kind::pubrel, e.quality(), false, false, e.id(), {}, {}});
        put_on_wire(e);
        break;
      case state::tentative:
      case state::queued:
        GODWIT_ASSERT(false);
    }
  }
}

void message_log::release(std::vector<outgoing>& out) {
  if (!extras_) return;
  base::ring<log_position>& waiting = extras_->to_release;
  while (!waiting.empty()) {
    log_entry* const e = find(waiting.front());
    if (e != nullptr && e->at() == state::received) {
      if (e->waits()) return;
      out.push_back({outgoing::kind::pubrel, e->quality(), false, false, e->id(), {}, {}});
      e->set(state::released);
    }
    waiting.pop_front();
  }
  if (waiting.capacity() > small) waiting.clear();
}

void message_log::resume() noexcept {
  sent_end_ = GODWIT_SEEDED_BUG(resume_sends_nothing) ? admitted_end_ : 0;
  take_off_wire();
  if (extras_) extras_->to_release.clear();
}

tally message_log::suspend() {
  tally dropped;
  for (std::uint32_t i = 0; extras_ && extras_->unassured != 0 && i < entries_.size(); ++i) {
    log_entry& e = entries_[i];
    if (e.at() == state::gone || e.quality() != mqtt::qos::at_most_once) continue;
    dropped += take_out(e);
  }
  sent_end_ = 0;
  take_off_wire();
  trim();
  let_fetched_go();
  drop_extras_if_unused();
  return dropped;
}

message_log::ack_outcome message_log::on_puback(mqtt::packet_id id, recorder& records) {
  log_entry* const e = find_inflight(id);
  if (e == nullptr || e->quality() != mqtt::qos::at_least_once || e->at() != state::sent) {
    return ack_outcome::unknown;
  }
  drop(*e, records);
  trim();
  return ack_outcome::done;
}

message_log::ack_outcome message_log::on_pubrec(mqtt::packet_id id, recorder& records) {
  log_entry* const e = find_inflight(id);
  if (e == nullptr || e->quality() != mqtt::qos::exactly_once) return ack_outcome::unknown;
  if (e->at() == state::sent) {
    e->set(state::received);
    if (is_persistent()) {
      records.write(store::rec_received{session_, e->position()});
      if (!GODWIT_SEEDED_BUG(qos2_pubrel_before_pubrec)) wait_for_disk(*e, records);
    }
    extra().to_release.push_back(e->position());
    return ack_outcome::advanced;
  }
  if (e->at() == state::released) {  // the peer did not see our PUBREL
    e->set(state::received);
    extra().to_release.push_back(e->position());
    return ack_outcome::advanced;
  }
  return e->at() == state::received ? ack_outcome::advanced : ack_outcome::unknown;
}

message_log::ack_outcome message_log::on_pubcomp(mqtt::packet_id id, recorder& records) {
  log_entry* const e = find_inflight(id);
  if (e == nullptr || e->at() != state::released) return ack_outcome::unknown;
  drop(*e, records);
  trim();
  return ack_outcome::done;
}

tally message_log::withdraw(const outgoing& o, recorder& records) {
  GODWIT_ASSERT(o.what == outgoing::kind::publish && o.quality != mqtt::qos::at_most_once);
  log_entry* const e = find_inflight(o.id);
  GODWIT_ASSERT(e != nullptr && e->at() == state::sent);
  if (o.dup && o.quality == mqtt::qos::exactly_once) {
    static_cast<void>(on_pubrec(o.id, records));
    return {};
  }
  const tally t = drop(*e, records);
  trim();
  return t;
}

tally message_log::give_up(mqtt::packet_id id, recorder& records) {
  log_entry* const e = find_inflight(id);
  if (e == nullptr || e->at() != state::sent) return {};
  const tally t = drop(*e, records);
  if (GODWIT_SEEDED_BUG(quota_of_refused_kept)) ++on_wire_;
  trim();
  return t;
}

bool message_log::waits_for_disk() const noexcept {
  if (extras_ && !extras_->to_release.empty()) return true;
  return sent_end_ < admitted_end_ && entries_[sent_end_].waits();
}

/// For QoS 2: what was just written about the message must be on disk before it goes on.
void message_log::wait_for_disk(log_entry& e, recorder& records) {
  e.set_waits(true);
  extra().waits.push_back({e.position(), records.open_batch()});
}

void message_log::settle_waits(batch_number durable) noexcept {
  if (!extras_) return;
  base::ring<disk_wait>& waits = extras_->waits;
  while (!waits.empty() && waits.front().batch.is_covered_by(durable)) {
    if (log_entry* const e = find(waits.front().position)) e->set_waits(false);
    waits.pop_front();
  }
  if (waits.empty() && waits.capacity() > small) waits.clear();
}

}  // namespace godwit::session
