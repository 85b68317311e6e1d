#include "engine_world.hpp"

#include "require.hpp"
#include "support/packets.hpp"

#include <godwit/mqtt/decode.hpp>

#include <algorithm>
#include <chrono>

namespace godwit::fuzz {

using mqtt::packet_type;
using mqtt::protocol_version;
using std::chrono::seconds;

namespace {

constexpr base::moment beginning{base::steady_time{std::chrono::hours{1'000}},
                                 base::wall_time{std::chrono::hours{500'000}}};
/// More turns than this without rest mean that the broker runs in a circle.
constexpr std::size_t rounds_max = 20'000;

/// What the broker sends must be right for one of its versions.
std::optional<mqtt::packet_view> decode_any(mqtt::frame f) {
  f.from = mqtt::sender::server;
  for (const auto v : {protocol_version::v5, protocol_version::v311, protocol_version::v31}) {
    if (const auto p = mqtt::decode(f, v)) return *p;
  }
  return std::nullopt;
}

}  // namespace

engine_world::engine_world(const test::test_broker::options& o)
    : now_{beginning}, broker_{o, now_}, session_expiry_{o.shard.limits.session_expiry} {}

void engine_world::open(std::size_t i, std::size_t shard) {
  client& c = clients_[i];
  if (c.wire != nullptr) close(i);
  c = client{};
  c.wire = std::make_shared<test::memory_wire>();
  broker_.transport(shard % shards())
      .accept(c.wire, {.address = "peer:" + std::to_string(++connections_opened_)});
}

void engine_world::send(std::size_t i, base::bytes_view bytes) {
  if (clients_[i].wire == nullptr) open(i, i);
  test::memory_wire& w = *clients_[i].wire;
  if (w.broken || w.client_closed || w.broker_closed) return;
  w.to_broker.insert(w.to_broker.end(), bytes.begin(), bytes.end());
}

void engine_world::close(std::size_t i) {
  if (clients_[i].wire != nullptr) clients_[i].wire->client_closed = true;
}

void engine_world::lose(std::size_t i) {
  if (clients_[i].wire != nullptr) clients_[i].wire->break_now();
}

void engine_world::answer(std::size_t i) {
  client& c = clients_[i];
  c.answers = true;
  read(c);
  c.answers = false;
}

void engine_world::stall(std::size_t i, std::size_t capacity) {
  if (clients_[i].wire != nullptr) clients_[i].wire->capacity = capacity;
}

void engine_world::read(client& c) {
  if (c.wire == nullptr) return;
  base::bytes& from = c.wire->to_client;
  c.input.insert(c.input.end(), from.begin(), from.end());
  from.clear();
  base::bytes_view rest{c.input};
  while (!rest.empty()) {
    const auto frame = mqtt::next_frame(rest, protocol_version::v5, mqtt::frame_source::server,
                                        mqtt::remaining_length_max);
    FUZZ_REQUIRE(frame.has_value());
    if (!*frame) break;
    on_packet(c, **frame);
    rest = rest.subspan((*frame)->size);
  }
  c.input.erase(c.input.begin(), c.input.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

void engine_world::on_packet(client& c, const mqtt::frame& f) {
  if (f.type != packet_type::auth) {  // which may come before the CONNACK
    FUZZ_REQUIRE(c.has_connack == (f.type != packet_type::connack));
    c.has_connack = true;
  }
  const auto packet = decode_any(f);
  FUZZ_REQUIRE(packet.has_value());
  const auto reply = [&](packet_type type, mqtt::packet_id id) {
    if (!c.answers || c.wire->broken || c.wire->client_closed || c.wire->broker_closed) return;
    const base::bytes bytes = test::ack_packet(type, id.value());
    c.wire->to_broker.insert(c.wire->to_broker.end(), bytes.begin(), bytes.end());
  };
  if (const auto* p = std::get_if<mqtt::publish_view>(&*packet)) {
    if (p->quality == mqtt::qos::at_least_once) reply(packet_type::puback, p->id);
    if (p->quality == mqtt::qos::exactly_once) reply(packet_type::pubrec, p->id);
  } else if (const auto* ack = std::get_if<mqtt::ack_view>(&*packet)) {
    if (ack->type == packet_type::pubrec) reply(packet_type::pubrel, ack->id);
    if (ack->type == packet_type::pubrel) reply(packet_type::pubcomp, ack->id);
  }
}

void engine_world::pass(base::duration d) {
  now_.steady += d;
  now_.wall += std::chrono::duration_cast<std::chrono::milliseconds>(d);
}

void engine_world::commit(std::size_t batches) {
  store::memory_store& s = broker_.durable_store();
  s.commit(std::min(batches, s.waiting()));
  s.answer_fetches(std::min(batches, s.waiting_fetches()));
}

void engine_world::turn(std::size_t shard, std::size_t mail_batches, bool connections) {
  const std::size_t i = shard % shards();
  test::test_broker::turn_plan plan;
  plan.connections = connections;
  plan.mail = [&](std::size_t to) {
    const routing::shard_id self{static_cast<std::uint8_t>(to)};
    for (std::size_t n = 0; n < mail_batches; ++n) {
      const auto senders = broker_.mail().senders_to(self);
      if (senders.empty()) return;
      broker_.deliver_mail(senders[n % senders.size()], to);
    }
  };
  broker_.turn(i, now_, plan);
}

void engine_world::give_turns() {
  for (std::size_t rounds = 0;; ++rounds) {
    FUZZ_REQUIRE(rounds < rounds_max);
    bool moved = false;
    for (std::size_t i = 0; i < shards(); ++i) {
      if (!broker_.wants_turn(i, now_.steady)) continue;
      broker_.turn(i, now_);
      moved = true;
    }
    const store::memory_store& s = broker_.durable_store();
    if (s.waiting() != 0 || s.waiting_fetches() != 0) {
      commit(std::max(s.waiting(), s.waiting_fetches()));
      moved = true;
    }
    if (!moved) return;
  }
}

void engine_world::rest() {
  give_turns();
  check_balance();
}

void engine_world::crash(std::size_t shards) {
  broker_.crash();
  for (client& c : clients_) c = client{};
  connections_opened_ = 0;
  broker_.start(shards, now_);
}

void engine_world::restart(std::size_t shards) {
  const auto all_stopped = [this] {
    for (std::size_t i = 0; i < broker_.shards(); ++i) {
      if (!broker_.shard(i).stopped()) return false;
    }
    return true;
  };
  for (std::size_t i = 0; i < broker_.shards(); ++i) {
    test::test_broker::turn_plan plan;
    plan.inside = [this, i] { broker_.shard(i).stop(); };
    broker_.turn(i, now_, plan);
  }
  give_turns();
  for (int rounds = 0; !all_stopped(); ++rounds) {
    FUZZ_REQUIRE(rounds < 100);
    // A client that reads nothing holds its last bytes up until its time is over.
    pass(seconds{1});
    give_turns();
  }
  commit(broker_.durable_store().waiting());
  check_balance();
  broker_.take_down();
  for (client& c : clients_) {
    c.answers = false;
    read(c);
    c = client{};
  }
  connections_opened_ = 0;
  broker_.start(shards, now_);
}

void engine_world::end() {
  for (client& c : clients_) {
    if (c.wire == nullptr) continue;
    c.wire->capacity = test::memory_wire::unlimited;
    c.wire->client_closed = true;
  }
  rest();
  // Held publishers and readers that took nothing.
  for (int i = 0; i < 20; ++i) {
    for (client& c : clients_) read(c);
    pass(seconds{5});
    rest();
  }
  FUZZ_REQUIRE(broker_.census().connections == 0);
  // Sessions, and wills that wait after a restart; what they leave behind moves on by itself.
  for (int i = 0; i < 4; ++i) {
    pass(session_expiry_ + seconds{100});
    rest();
  }
  check_empty();
}

void engine_world::check_balance() {
  const observe::totals t = broker_.totals();
  const broker::shard::census c = broker_.census();
  // A publish that a slow subscriber holds up is counted when it is answered.
  const std::int64_t held = t.publish_balance();
  FUZZ_REQUIRE(held >= 0 && static_cast<std::size_t>(held) <= c.pending);
  FUZZ_REQUIRE(t.copy_balance() == 0);
  FUZZ_REQUIRE(t.gauge(observe::counter::copies_in_log) ==
               static_cast<std::int64_t>(c.log_entries));
  std::uint64_t reasons = 0;
  for (const std::uint64_t n : t.closes) reasons += n;
  const std::uint64_t opened = t[observe::counter::connections_opened];
  const std::uint64_t closed = t[observe::counter::connections_closed];
  FUZZ_REQUIRE(opened == connections_opened_);
  FUZZ_REQUIRE(opened - closed == c.connections);
  FUZZ_REQUIRE(reasons >= closed && reasons <= opened);  // a close may be on its way
}

void engine_world::check_empty() {
  const broker::shard::census c = broker_.census();
  const observe::totals t = broker_.totals();
  std::uint64_t reasons = 0;
  for (const std::uint64_t n : t.closes) reasons += n;
  FUZZ_REQUIRE(reasons == connections_opened_);
  FUZZ_REQUIRE(broker_.mail().size() == 0);
  FUZZ_REQUIRE(c.connections == 0 && c.sessions == 0 && c.sessions_connected == 0);
  FUZZ_REQUIRE(c.subscriptions == 0 && c.trie_nodes == 0 && c.groups == 0);
  FUZZ_REQUIRE(c.log_entries == 0 && c.wills == 0);
  // What is retained may expire much later.
  FUZZ_REQUIRE(c.timers <= (c.retained == 0 ? 0 : shards()) && c.pending == 0);
  for (std::size_t i = 0; i < shards(); ++i) {
    FUZZ_REQUIRE(broker_.interest().count(routing::shard_id{static_cast<std::uint8_t>(i)}) == 0);
  }
  const store::memory_store::contents kept = broker_.durable_store().count();
  FUZZ_REQUIRE(kept.sessions == 0 && kept.entries == 0 && kept.subscriptions == 0);
  FUZZ_REQUIRE(kept.qos2_ids == 0 && kept.wills == 0 && kept.undecided == 0);
  FUZZ_REQUIRE(kept.retained == c.retained);
  FUZZ_REQUIRE(t.gauge(observe::counter::clients_connected) == 0);
  FUZZ_REQUIRE(t.gauge(observe::counter::sessions_persistent) == 0);
  FUZZ_REQUIRE(t.gauge(observe::counter::subscriptions) == 0);
}

}  // namespace godwit::fuzz
