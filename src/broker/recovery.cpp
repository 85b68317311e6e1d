#include "connect_rules.hpp"
#include "engine.hpp"

#include <algorithm>
#include <vector>

namespace godwit::broker {

namespace {

class distributor final : public store::recovery_visitor {
 public:
  distributor(std::span<shard_engine* const> shards, const shard_options& options)
      : shards_{shards}, options_{options} {}

  void on_session(store::restored_session s) override {
    of(home_of(s.client_id, options_.seed, shards_.size())).restore(std::move(s), shards_);
  }
  void on_will(store::restored_will w) override {
    of(home_of(w.client_id, options_.seed, shards_.size())).restore(std::move(w));
  }
  void on_retained(base::ref<const mqtt::message> m) override {
    of(home_of_topic(m->topic(), options_.seed, shards_.size())).restore(m);
  }

 private:
  [[nodiscard]] shard_engine& of(routing::shard_id id) const { return *shards_[id.value()]; }

  std::span<shard_engine* const> shards_;
  const shard_options& options_;
};

}  // namespace

store::high_water recover(std::span<shard* const> shards, const shard_options& options,
                          store::store& from, base::moment now) {
  std::vector<shard_engine*> engines;
  for (shard* const s : shards) {
    s->engine_->now = now;
    engines.push_back(s->engine_.get());
  }
  distributor d{engines, options};
  return from.recover(d);
}

void shard_engine::restore(store::restored_session&& r, std::span<shard_engine* const> shards) {
  const session_handle h =
      create_session(r.client_id, auth::principal{r.owner, auth::knowledge::name_only}, r.version,
                     r.number, r.ended ? session_kind::nameless : session_kind::named);
  session_slot& s = sessions_.at(h);
  s.ended = r.ended;
  s.log.restore(r);
  s.expires_as_asked = r.expires_after_s.has_value();
  s.expiry_s = granted_expiry(r.expires_after_s.value_or(session_slot::never), options.limits);
  if (!GODWIT_SEEDED_BUG(qos2_received_not_restored)) s.received.restore(r.qos2_received);
  ports.counters.add(observe::counter::copies_made, r.entries.size());
  ports.counters.add(observe::counter::copies_in_log, r.entries.size());
  s.books.copy_made(r.entries.size());
  if (r.ended) {
    ports.counters.subtract(observe::counter::sessions_persistent);
    to_hand_over_.push_back(h);
    return;
  }
  ports.counters.add(observe::counter::sessions_persistent_offline);
  for (const store::restored_subscription& sub : r.subscriptions) {
    const auto parts = mqtt::parse_topic_filter(sub.filter);
    GODWIT_ASSERT(parts.has_value());
    s.subscriptions.set(sub.filter, sub.terms, options.hash_seed());
    ports.counters.add(observe::counter::subscriptions);
    if (parts->group.empty()) {
      router_.subscribe(sub.filter, routing::subscriber_id{h.index}, routed(sub.terms));
      continue;
    }
    s.has_shared = true;
    ports.counters.add(observe::counter::shared_subscriptions);
    shard_engine& leader =
        *shards[home_of_group(parts->group, parts->filter, options.seed, shards.size()).value()];
    leader.join_here(parts->group, parts->filter, member(h), routed(sub.terms));
    leader.groups_.set_connected(parts->group, parts->filter, member(h), false);
  }
  const base::wall_time since = std::min(r.idle_since.value_or(now.wall), now.wall);
  s.last_acknowledged = now.steady - (now.wall - since);
  if (s.expiry_s == session_slot::never) return;
  const auto left = std::chrono::seconds{s.expiry_s} - (now.wall - since);
  s.expiry = arm(now.steady + std::max<base::duration>(left, base::duration::zero()),
                 timer_kind::session_expiry, h.index, h.generation);
}

/// It waits for the grace after a restart, and for its delay, which began with the end of its
/// connection: that of the broker, or an earlier one.
void shard_engine::restore(store::restored_will&& w) {
  base::steady_time due = now.steady + options.limits.will_grace_after_restart;
  const session_slot* const s = find(find_session(w.client_id));
  const bool has_delay = w.delay_s != 0 && s != nullptr;
  if (has_delay) {
    const std::chrono::seconds delay{std::min(w.delay_s, s->expiry_s)};
    due = std::max(due, s->last_acknowledged + delay);
  }
  restored_wills_[w.client_id].push_back({std::move(w.message), due, has_delay});
  if (restored_wills_due_ && restored_wills_at_ <= due) return;
  timers_.cancel(restored_wills_due_);
  restored_wills_at_ = due;
  restored_wills_due_ = arm(due, timer_kind::will_grace, 0, 0);
}

void shard_engine::restore(const base::ref<const mqtt::message>& retained) {
  retained_.set(retained);
  count_retained(*retained, true);
  expect_expiry(*retained);
  arm_retained_expiry();
}

}  // namespace godwit::broker
