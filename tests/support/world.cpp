#include "support/world.hpp"

#include "support/client_state.hpp"
#include "support/test_broker.hpp"

#include <algorithm>
#include <deque>

namespace godwit::test {
namespace {

constexpr base::moment beginning{base::steady_time{std::chrono::hours{1'000}},
                                 base::wall_time{std::chrono::hours{500'000}}};
/// More turns than this without rest mean that the broker runs in a circle.
constexpr std::size_t turns_max = 1'000'000;

test_broker::options broker_options(const world_options& o) {
  test_broker::options b;
  b.shard.limits = o.limits;
  b.shard.shards = o.shards;
  b.shard.seed = o.seed;
  b.shard.mail_credit = o.mail_credit;
  b.shard.sys_interval = o.sys_interval;
  if (o.tune) o.tune(b.shard);
  b.store_mode = o.store_mode;
  b.authorizer = o.authorizer;
  b.authenticator = o.authenticator;
  b.memory = o.memory;
  return b;
}

}  // namespace

struct world::engine {
  explicit engine(const world_options& o) : broker{broker_options(o), beginning} {
    listeners.emplace_back("default");
  }

  void read_all() {
    for (const auto& c : clients) c->read();
  }
  bool one_round() {
    bool moved = false;
    for (std::size_t i = 0; i < broker.shards(); ++i) {
      if (!broker.wants_turn(i, now.steady)) continue;
      broker.turn(i, now);
      moved = true;
    }
    read_all();
    return moved;
  }
  void run() {
    // A port may have called back between two turns, so each shard looks once.
    for (std::size_t i = 0; i < broker.shards(); ++i) broker.turn(i, now);
    read_all();
    std::size_t turns = 0;
    while (one_round()) {
      if (++turns > turns_max) {
        ADD_FAILURE() << "the broker never comes to rest";
        return;
      }
    }
  }
  void advance(base::duration d) {
    const base::steady_time target = now.steady + d;
    const base::moment start = now;
    run();
    while (true) {
      std::optional<base::steady_time> next;
      for (std::size_t i = 0; i < broker.shards(); ++i) {
        const auto due = broker.shard(i).next_due();
        if (due && (!next || *due < *next)) next = due;
      }
      if (!next || *next > target) break;
      set_time(start, std::max(*next, now.steady));
      run();
    }
    set_time(start, target);
    run();
  }
  void set_time(base::moment start, base::steady_time t) {
    now.steady = t;
    now.wall = start.wall + std::chrono::duration_cast<std::chrono::milliseconds>(t - start.steady);
  }

  base::moment now = beginning;
  test_broker broker;
  std::vector<std::shared_ptr<client_state>> clients;
  std::size_t next_shard = 0;
  std::uint32_t next_port = 40'000;
  std::string address = "127.0.0.1";
  /// Those that connections came from; a deque, because they point at them.
  std::deque<broker::listener_facts> listeners;
};

world::world(world_options o) : engine_{std::make_unique<engine>(o)} {
  run();
}
world::~world() = default;

test_client world::connect_socket(std::optional<std::size_t> shard) {
  engine& e = *engine_;
  const std::size_t where = shard ? *shard : e.next_shard++ % e.broker.shards();
  auto state = std::make_shared<client_state>();
  state->wire = std::make_shared<memory_wire>();
  state->run = [this] { run(); };
  state->shard = where;
  e.clients.push_back(state);
  e.broker.transport(where).accept(state->wire,
                                   {.address = e.address + ':' + std::to_string(e.next_port++),
                                    .listener = &e.listeners.back()});
  return test_client{std::move(state)};
}

test_client world::connect(const connect_options& o) {
  test_client c = connect_socket();
  EXPECT_EQ(c.connect(o).code, 0) << o.client_id << ": CONNACK";
  return c;
}

void world::connect_from(std::string address, std::string listener) {
  engine_->address = std::move(address);
  engine_->listeners.emplace_back(std::move(listener));
}

void world::run() {
  engine_->run();
}
void world::advance(base::duration d) {
  engine_->advance(d);
}
base::moment world::now() const {
  return engine_->now;
}

void world::in_turn(std::size_t shard, const std::function<void()>& f) {
  test_broker::turn_plan plan;
  plan.inside = f;
  engine_->broker.turn(shard, engine_->now, plan);
  run();
}

void world::adopt(const options& o) {
  broker::shard_options fresh = broker_options(o).shard;
  fresh.shards = shards();
  for (std::size_t i = 0; i < shards(); ++i) {
    in_turn(i, [&] { shard(i).adopt(fresh); });
  }
}

store::memory_store& world::durable_store() {
  return engine_->broker.durable_store();
}

void world::crash_and_restart(std::optional<std::size_t> shards) {
  engine& e = *engine_;
  const std::size_t next = shards.value_or(e.broker.shards());
  e.broker.crash();
  e.read_all();
  e.broker.start(next, e.now);
  run();
}

void world::restart(std::optional<std::size_t> shards) {
  engine& e = *engine_;
  const std::size_t next = shards.value_or(e.broker.shards());
  stop();
  e.broker.durable_store().commit(e.broker.durable_store().waiting());
  e.broker.take_down();
  e.read_all();
  e.broker.start(next, e.now);
  run();
}

void world::stop() {
  engine& e = *engine_;
  for (std::size_t i = 0; i < e.broker.shards(); ++i) {
    in_turn(i, [&] { e.broker.shard(i).stop(); });
  }
  e.broker.durable_store().commit(e.broker.durable_store().waiting());
  run();
  for (std::size_t i = 0; i < e.broker.shards(); ++i) {
    EXPECT_TRUE(e.broker.shard(i).stopped()) << "shard " << i << " does not stop";
  }
}

std::size_t world::shards() const {
  return engine_->broker.shards();
}
broker::shard& world::shard(std::size_t index) {
  return engine_->broker.shard(index);
}
const captured_log& world::log() const {
  return engine_->broker.log();
}
broker::shard::census world::census() const {
  return engine_->broker.census();
}
observe::totals world::counters() const {
  return engine_->broker.totals();
}
observe::histogram_totals world::acknowledgement_times() const {
  return engine_->broker.acknowledgement_times();
}

void world::check_balance() {
  run();
  const observe::totals t = counters();
  EXPECT_EQ(t.publish_balance(), 0) << "publishes vanished (or were invented)";
  EXPECT_EQ(t.copy_balance(), 0) << "copies vanished (or were invented)";
  EXPECT_EQ(t.gauge(observe::counter::copies_in_log),
            static_cast<std::int64_t>(census().log_entries));
}

void world::check_empty(std::size_t retained) {
  run();
  const broker::shard::census c = census();
  EXPECT_EQ(c.connections, 0U);
  EXPECT_EQ(c.sessions, 0U);
  EXPECT_EQ(c.sessions_connected, 0U);
  EXPECT_EQ(c.subscriptions, 0U);
  EXPECT_EQ(c.trie_nodes, 0U);
  EXPECT_EQ(c.log_entries, 0U);
  EXPECT_EQ(c.retained, retained);
  EXPECT_EQ(c.groups, 0U);
  EXPECT_EQ(c.timers, 0U);
  EXPECT_EQ(c.pending, 0U);
  EXPECT_EQ(c.wills, 0U);
  for (std::size_t i = 0; i < shards(); ++i) {
    const routing::shard_id id{static_cast<std::uint8_t>(i)};
    EXPECT_EQ(engine_->broker.interest().count(id), 0U) << "interest of shard " << i;
  }
  store::memory_store& s = engine_->broker.durable_store();
  s.commit(s.waiting());
  const store::memory_store::contents kept = s.count();
  EXPECT_EQ(kept.sessions, 0U);
  EXPECT_EQ(kept.entries, 0U);
  EXPECT_EQ(kept.subscriptions, 0U);
  EXPECT_EQ(kept.qos2_ids, 0U);
  EXPECT_EQ(kept.wills, 0U);
  EXPECT_EQ(kept.retained, retained);
  EXPECT_EQ(kept.undecided, 0U);
}

}  // namespace godwit::test
