#pragma once

#include "support/world.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace godwit::broker::test {

using godwit::test::connect_options;
using godwit::test::qos0;
using godwit::test::qos1;
using godwit::test::qos2;
using godwit::test::test_client;
using godwit::test::v31;
using godwit::test::v311;
using godwit::test::world;
using godwit::test::world_options;
using observe::drop_reason;
using observe::refuse_reason;
using session::close_cause;
using std::chrono::seconds;
using store::condition;
using store::memory_store;
using texts = std::vector<std::string>;

/// A broker of one shard and what one test does with its store. Payloads have one byte, topics too,
/// so a message has two.
struct store_world {
  explicit store_world(world_options o, std::uint64_t queue_memory = 0)
      : w{tuned(o, queue_memory)} {}

  static world_options tuned(world_options o, std::uint64_t queue_memory) {
    o.tune = [queue_memory](broker::shard_options& s) { s.queue_memory_bytes = queue_memory; };
    return o;
  }
  memory_store& disk() { return w.durable_store(); }
  /// Everything becomes durable; fetches are not answered.
  void sync() {
    w.run();
    while (disk().waiting() != 0) {
      disk().commit(disk().waiting());
      w.run();
    }
  }
  test_client persistent(const std::string& id) {
    test_client c = w.connect_socket();
    c.send(godwit::test::connect_packet({.client_id = id, .clean = false}));
    sync();
    EXPECT_EQ(c.expect<mqtt::connack_view>("CONNACK").code, 0);
    return c;
  }
  void subscribe(test_client& c, const std::string& filter, mqtt::qos quality) {
    c.send(godwit::test::subscribe_packet(c.next_id(), {{filter, quality}}));
    sync();
    c.expect<mqtt::suback_view>("SUBACK");
  }
  /// A persistent session that is away, subscribed to "a".
  void sleeper(const std::string& id, mqtt::qos quality = qos1) {
    test_client c = persistent(id);
    subscribe(c, "a", quality);
    c.disconnect();
    sync();
  }
  void publish(test_client& p, const texts& payloads, mqtt::qos quality = qos1) {
    for (const std::string& text : payloads) p.send_publish("a", text, quality);
    sync();
  }
  /// Fetches are answered, too.
  void sync_all() {
    sync();
    while (disk().waiting_fetches() != 0) {
      disk().answer_fetches(disk().waiting_fetches());
      sync();
    }
  }
  /// Takes and acknowledges so many messages; fewer if no more come.
  texts receive(test_client& c, std::size_t count) {
    texts got;
    while (got.size() < count) {
      sync_all();
      const texts more = c.receive_all();
      if (more.empty()) break;
      got.insert(got.end(), more.begin(), more.end());
    }
    sync_all();
    return got;
  }
  /// What comes without acknowledging it.
  static texts payloads_of(test_client& c) {
    texts all;
    for (const mqtt::packet_view& p : c.all_packets()) {
      if (const auto* m = std::get_if<mqtt::publish_view>(&p)) {
        all.emplace_back(reinterpret_cast<const char*>(m->payload.data()), m->payload.size());
      }
    }
    return all;
  }

  world w;
};

}  // namespace godwit::broker::test
