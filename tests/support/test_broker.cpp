#include "support/test_broker.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

namespace godwit::test {
namespace {

routing::shard_id id_of(std::size_t i) {
  return routing::shard_id{base::checked_cast<std::uint8_t>(i)};
}

}  // namespace

test_broker::test_broker(const options& o, base::moment now) : options_{o}, store_{o.store_mode} {
  store_.on_news([this] {
    for (const auto& s : shards_) s->durable_grew = true;
  });
  start(o.shard.shards, now);
}

test_broker::~test_broker() {
  take_down();
}

void test_broker::start(std::size_t shards, base::moment now) {
  GODWIT_ASSERT(shards_.empty() && shards != 0 && shards <= routing::shards_max);
  options_.shard.shards = shards;
  interest_ = std::make_unique<routing::interest_table>(shards, options_.shard.seed);
  for (std::size_t i = 0; i < shards; ++i) {
    shards_.push_back(std::make_unique<one_shard>());
    all_counters_.push_back(&shards_.back()->counters);
  }
  const session::limits& l = options_.shard.limits;
  users_.reset();
  if (l.user_retained_bytes_max != 0 || l.user_queued_bytes_max != 0) {
    users_.emplace(shards, l.user_queued_bytes_max);
  }
  for (std::size_t i = 0; i < shards; ++i) {
    one_shard& s = *shards_[i];
    const broker::shard_ports ports{
        .connections = s.connections,
        .mail = mail_,
        .durable_store = store_,
        .authenticator =
            options_.authenticator != nullptr ? *options_.authenticator : anonymous_authenticator_,
        .authorizer = options_.authorizer != nullptr ? *options_.authorizer : open_authorizer_,
        .interest = *interest_,
        .numbers = numbers_,
        .counters = s.counters,
        .log = log_,
        .all_counters = all_counters_,
        .memory = options_.memory,
        .users = users_ ? &*users_ : nullptr};
    s.core = std::make_unique<broker::shard>(id_of(i), options_.shard, ports);
  }
  std::vector<broker::shard*> cores;
  for (const auto& s : shards_) cores.push_back(s->core.get());
  numbers_.start_above(broker::recover(cores, options_.shard, store_, now));
}

void test_broker::take_down() {
  for (const auto& s : shards_) s->core.reset();
  for (const auto& s : shards_) s->connections.break_all();
  mail_.clear();
  if (store_.waiting() == 0) store_.crash();  // fetches end with those who asked
  shards_.clear();
  all_counters_.clear();
}

void test_broker::crash() {
  store_.crash();
  // The connections break before the shards are gone: nothing that a shard does in its destructor
  // may still reach a client.
  for (const auto& s : shards_) s->connections.break_all();
  take_down();
  store_.crash();
}

bool test_broker::wants_turn(std::size_t i, base::steady_time now) {
  one_shard& s = *shards_.at(i);
  if (s.durable_grew || s.connections.has_events() || mail_.has_mail_for(id_of(i))) return true;
  if (s.core->wants_turn()) return true;
  const auto due = s.core->next_due();
  return due && *due <= now;
}

void test_broker::turn(std::size_t i, base::moment now, const turn_plan& plan) {
  one_shard& s = *shards_.at(i);
  s.durable_grew = false;
  s.core->begin_turn(now);
  if (plan.mail) {
    plan.mail(i);
  } else {
    for (const routing::shard_id from : mail_.senders_to(id_of(i))) {
      while (auto batch = mail_.take(from, id_of(i))) s.core->on_mail(from, std::move(*batch));
    }
  }
  if (plan.connections) s.connections.deliver(*s.core);
  if (plan.inside) plan.inside();
  s.core->end_turn();
}

void test_broker::deliver_mail(routing::shard_id from, std::size_t to) {
  auto batch = mail_.take(from, id_of(to));
  GODWIT_ASSERT(batch.has_value());
  shards_.at(to)->core->on_mail(from, std::move(*batch));
}

broker::shard::census test_broker::census() const {
  broker::shard::census all;
  for (const auto& s : shards_) {
    const broker::shard::census one = s->core->take_census();
    all.connections += one.connections;
    all.sessions += one.sessions;
    all.sessions_connected += one.sessions_connected;
    all.subscriptions += one.subscriptions;
    all.trie_nodes += one.trie_nodes;
    all.log_entries += one.log_entries;
    all.spilled += one.spilled;
    all.body_bytes += one.body_bytes;
    all.retained += one.retained;
    all.groups += one.groups;
    all.timers += one.timers;
    all.pending += one.pending;
    all.wills += one.wills;
  }
  return all;
}

observe::totals test_broker::totals() const {
  return observe::sum(all_counters_);
}

observe::histogram_totals test_broker::acknowledgement_times() const {
  observe::histogram_totals all;
  for (const observe::counters* const one : all_counters_) all.merge(one->acknowledgement_times());
  return all;
}

}  // namespace godwit::test
