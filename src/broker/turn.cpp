#include "derived_options.hpp"
#include "engine.hpp"

#include <algorithm>

namespace godwit::broker {

namespace {

constexpr std::size_t topic_cache_min = 16;

}  // namespace

shard_engine::shard_engine(routing::shard_id id, const shard_options& o, const shard_ports& p)
    : self{id},
      options{o},
      ports{p},
      takeovers_{takeovers_of(o.limits), o.hash_seed()},
      router_{id, p.interest, std::max(o.topic_cache_entries, topic_cache_min)},
      groups_{selection_of(o.limits)},
      mailbox_{id, o.shards, o.mail_credit},
      history_{o.history_entries} {
  bodies_.limit = o.queue_memory_bytes;
  GODWIT_ASSERT(o.shards >= 1 && o.shards <= routing::shards_max && id.value() < o.shards);
}

void shard_engine::begin_turn(base::moment t) {
  now = t;
  budget_ = options.turn_packets_max;
  look_at_store();
  if (is_started_) return;
  is_started_ = true;
  started_ = now.steady;
  if (ports.memory != nullptr || ports.users != nullptr) sweep_memory();
  if (self.value() == 0 && options.sys_interval.count() != 0) {
    sys_.loads.emplace(now.steady);
    publish_sys();
  }
}

void shard_engine::end_turn() {
  timers_.advance(now.steady, [this](const timer_payload& due) { on_timer(due); });
  release_durable();
  run_mail();
  // Who finds the turn used up is the first in the next one, before those who have used it.
  backlog_.take_while([this] { return budget_ != 0; },
                      [this](connection_handle h) {
                        if (connection* const c = connections_.find(h)) {
                          c->is_backlog_listed = false;
                          resume_input(h);
                        }
                      });
  retry_parked();
  forget_subscriptions();
  settle();
  flush_all();
  settle();
  mailbox_.flush(ports.mail);
  const auto letters = mailbox_.letters_posted();
  ports.counters.add(observe::counter::mail_sent, letters - letters_counted_);
  letters_counted_ = letters;
}

/// Every step here can make work for another one, so they run until all are quiet. Each pass uses
/// up something that only the network, another shard, the disk or time can bring back.
void shard_engine::settle() {
  do {
    bury_doomed();
    continue_replays();
    const auto handing_over = std::exchange(to_hand_over_, {});
    for (const session_handle h : handing_over) {
      if (session_slot* const s = find(h)) continue_handover(h, *s);
    }
    to_pump_.take_each([this](session_handle h) {
      if (session_slot* const s = find(h)) {
        s->is_pump_listed = false;
        pump(h);
      }
    });
    submit_batch();
    release_durable();
    take_bodies();
  } while (!doomed_.empty() || !to_pump_.empty() || !records_.is_empty() || !to_hand_over_.empty());
}

bool shard_engine::wants_turn() const noexcept {
  for (const session_handle h : waiting_replays_) {
    const session_slot* const s = sessions_.find(h);
    if (s != nullptr && may_ask(*s)) return true;
  }
  if (!parked_.empty() && has_store_changed()) return true;
  if (!to_forget_.empty() || !to_flush_.empty()) return true;
  return !backlog_.empty() || mailbox_.has_work() ||
         (!durable_waits_.empty() && durable_waits_.top().ticket <= ports.durable_store.durable());
}

void shard_engine::on_timer(const timer_payload& due) {
  const connection_handle c{due.index, due.generation};
  const session_handle s{due.index, due.generation};
  switch (due.kind) {
    case timer_kind::connection_deadline:
      on_deadline(c);
      break;
    case timer_kind::stalled_reader:
      if (connection* const found = connections_.find(c)) {
        found->is_stall_timed = false;
        const bool is_limited = options.limits.stalled_reader_timeout.count() != 0;
        if (unsent(*found) == 0 || is_stopping_ || !is_limited) break;
        const auto limit = found->last_progress + options.limits.stalled_reader_timeout;
        if (now.steady >= limit) {
          doom(c, {session::close_cause::stalled_reader, {}});
        } else {
          found->is_stall_timed = true;
          arm(limit, timer_kind::stalled_reader, c.index, c.generation);
        }
      }
      break;
    case timer_kind::paused_read:
      on_paused_read(c);
      break;
    case timer_kind::retry:
      on_retry(c);
      break;
    case timer_kind::session_expiry:
      if (session_slot* const found = find(s)) {
        log(observe::log_level::info, "session.expired", {{"client", found->client_id}});
        ports.counters.add(observe::counter::sessions_expired);
        end_session(s, *found);
      }
      break;
    case timer_kind::held_publishes:
      if (session_slot* const found = find(s)) release_held(*found);
      break;
    case timer_kind::settled_replay:
      end_replay({due.index, due.generation});
      break;
    case timer_kind::share_handover:
      if (session_slot* const found = find(s); found != nullptr && !found->connection) {
        found->extra().hands_over = true;
        to_hand_over_.push_back(s);
      }
      break;
    case timer_kind::will_delay:
      if (session_slot* const found = find(s); found != nullptr && found->extras) {
        found->extras->will_due = {};
        if (found->will) publish_will(s, *found);
      }
      break;
    case timer_kind::retained_expiry:
      drop_expired_retained();
      break;
    case timer_kind::low_disk_hold:
      on_low_disk_hold(c);
      break;
    case timer_kind::will_grace:
      publish_restored_wills();
      break;
    case timer_kind::login_expiry:
      on_login_expiry(c);
      break;
    case timer_kind::publish_pace:
      on_publish_pace(c);
      break;
    case timer_kind::memory_sweep:
      if (!is_stopping_) sweep_memory();
      break;
    case timer_kind::sys_topics:
      if (!is_stopping_) publish_sys();
      break;
  }
}

base::timer_token shard_engine::arm(base::steady_time at, timer_kind kind, std::uint32_t index,
                                    std::uint32_t generation) {
  return timers_.schedule(at, {kind, index, generation});
}

void shard_engine::stop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  connections_.for_each([this](connection_handle h, connection&) {
    doom(h, {session::close_cause::server_stopping, {}});
  });
}

bool shard_engine::stopped() const noexcept {
  return is_stopping_ && connections_.empty() && records_.is_empty() && submitted_.empty() &&
         mailbox_.is_idle();
}

mqtt::message_number shard_engine::next_number() {
  constexpr std::uint64_t block = 4'096;
  if (number_next_ == number_end_) {
    number_next_ = ports.numbers.message_numbers(block);
    number_end_ = number_next_ + block;
  }
  return mqtt::message_number{number_next_++};
}

base::wall_time shard_engine::oldest_allowed() const noexcept {
  const auto age = options.limits.queue_age_max;
  return age.count() == 0 ? base::wall_time::min() : now.wall - age;
}

void shard_engine::log(observe::log_level level, std::string_view event,
                       std::initializer_list<observe::log_field> fields) {
  ports.log.write({level, now.wall, event, {fields.begin(), fields.size()}});
}

void shard_engine::log_refusal(std::string_view event,
                               std::initializer_list<observe::log_field> fields,
                               observe::log_level level) {
  const auto suppressed = refusals_.admit(now.steady);
  if (!suppressed) return;
  if (*suppressed != 0) {
    log(observe::log_level::info, "log.suppressed", {{"refusals", *suppressed}});
  }
  log(level, event, fields);
}

}  // namespace godwit::broker
