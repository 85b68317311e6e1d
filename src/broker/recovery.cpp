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
  if (!GODWIT_SEEDED_BUG(qos2_received_not_restored)) s.received.restore(r.qos2_received);
  ports.counters.add(observe::counter::copies_made, r.entries.size());
  ports.counters.add(observe::counter::copies_in_log, r.entries.size());
  if (r.ended) {
    ports.counters.subtract(observe::counter::sessions_persistent);
    to_hand_over_.push_back(h);
    return;
  }
  ports.counters.add(observe::counter::sessions_persistent_offline);
  for (const store::restored_subscription& sub : r.subscriptions) {
    const auto parts = mqtt::parse_topic_filter(sub.filter);
    GODWIT_ASSERT(parts.has_value());
    s.subscriptions.set(sub.filter, sub.quality);
    ports.counters.add(observe::counter::subscriptions);
    if (parts->group.empty()) {
      router_.subscribe(sub.filter, routing::subscriber_id{h.index}, {.quality = sub.quality});
      continue;
    }
    s.has_shared = true;
    ports.counters.add(observe::counter::shared_subscriptions);
    shard_engine& leader =
        *shards[home_of_group(parts->group, parts->filter, options.seed, shards.size()).value()];
    leader.join_here(parts->group, parts->filter, member(h), {.quality = sub.quality});
    leader.groups_.set_connected(parts->group, parts->filter, member(h), false);
  }
  if (options.limits.session_expiry.count() == 0) return;
  const base::wall_time since = std::min(r.idle_since.value_or(now.wall), now.wall);
  const auto left = options.limits.session_expiry - (now.wall - since);
  s.expiry = arm(now.steady + std::max<base::duration>(left, base::duration::zero()),
                 timer_kind::session_expiry, h.index, h.generation);
}

void shard_engine::restore(store::restored_will&& w) {
  if (restored_wills_.empty()) {
    arm(now.steady + options.limits.will_grace_after_restart, timer_kind::will_grace, 0, 0);
  }
  restored_wills_[w.client_id].push_back(std::move(w.message));
}

void shard_engine::restore(const base::ref<const mqtt::message>& retained) {
  retained_.set(retained);
  ports.counters.add(observe::counter::retained_messages);
  ports.counters.add(observe::counter::retained_bytes, retained->content_size());
}

}  // namespace godwit::broker
