#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

#include <set>

/// Bugs of other brokers in sessions, quality of service and resources; the row is the number in
/// our list of them.

namespace godwit::conformance {
namespace {

class BatterySessions : public broker_test {
 protected:
  void leave(peer& p) {
    p.send(disconnect());
    p.expect_end();
  }
  /// Runs a broker whose store waits, and makes everything durable.
  void settle() {
    broker().run();
    while (broker().durable_store().waiting() > 0) {
      broker().durable_store().commit(1);
      broker().run();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, BatterySessions, both_versions, name_of);

// Row 43: one QoS 2 id repeated and never released takes one place.
TEST_P(BatterySessions, RepeatedQos2IdTakesOnePlace) {
  auto watcher = listen("watcher", "a", 0);
  auto p = join_persistent("c");
  std::string many;
  std::string answers;
  for (int i = 0; i < 500; ++i) {
    many += publish{.topic = "a", .qos = 2, .id = 1, .dup = i > 0}.bytes();
    answers += pubrec(1);
  }
  for (int i = 0; i < 20; ++i) {
    p.send(many);
    p.expect(answers);
  }
  EXPECT_EQ(watcher.messages(), texts{"a=x"});
  EXPECT_EQ(broker().durable_store().count().qos2_ids, 1U);
  EXPECT_EQ(broker().census().log_entries, 0U);
}

// Row 44: QoS 2 ids of a session stay bounded over a restart.
TEST_P(BatterySessions, Qos2IdsStayBoundedOverARestart) {
  auto p = join_persistent("c");
  for (unsigned round = 0; round < 3; ++round) {
    for (unsigned id = 1; id <= 300; ++id) {
      p.send(publish{.topic = "a", .qos = 2, .id = id, .dup = round > 0}.bytes());
    }
    EXPECT_EQ(p.packets().size(), 300U);
    broker().crash_and_restart();
    EXPECT_EQ(broker().durable_store().count().qos2_ids, 300U);
    p = join_persistent("c");
  }
  for (unsigned id = 1; id <= 300; ++id) p.send(pubrel(id));
  EXPECT_EQ(p.packets().size(), 300U);
  EXPECT_EQ(broker().durable_store().count().qos2_ids, 0U);
}

// Rows 45 and 71: whatever of the journal survives, a QoS 2 message comes exactly once.
TEST_P(BatterySessions, Qos2ComesOnceWhereverTheCrashIs) {
  options.store_mode = test::store_mode::manual;
  for (const char* id : {"reader", "writer", "other"}) {
    auto p = open();
    p.send(hello(id, false).bytes());
    settle();
    EXPECT_TRUE(p.take(2));
    if (std::string_view{id} == "writer") continue;
    p.send(subscribe(1, {{"t", 2}}));
    settle();
    EXPECT_TRUE(p.take(9));
  }
  for (std::size_t survives = 0; survives < 8; ++survives) {
    SCOPED_TRACE(survives);
    const auto payload = std::to_string(survives);
    auto writer = open();
    writer.send(hello("writer", false).bytes());
    settle();
    writer.send(publish{.topic = "t", .payload = payload, .qos = 2, .id = 5}.bytes());
    for (std::size_t i = 0; i < survives; ++i) {
      broker().run();
      broker().durable_store().commit(1);
    }
    broker().run();
    broker().crash_and_restart();

    writer = open();
    writer.send(hello("writer", false).bytes());
    settle();
    writer.send(publish{.topic = "t", .payload = payload, .qos = 2, .id = 5, .dup = true}.bytes());
    settle();
    writer.send(pubrel(5));
    settle();
    EXPECT_TRUE(writer.take(7));
    for (const char* id : {"reader", "other"}) {
      auto reader = open();
      reader.send(hello(id, false).bytes());
      texts got;
      for (int i = 0; i < 10; ++i) {
        settle();
        for (auto& text : reader.drain()) got.push_back(text);
      }
      EXPECT_EQ(got, texts{"t=" + payload}) << id;
      leave(reader);
    }
    settle();
  }
}

// Row 46: what is released after a reconnect still has its QoS and its retain flag.
TEST_P(BatterySessions, ReleaseAfterReconnectKeepsQosAndRetain) {
  auto watcher = listen("watcher", "r", 2);
  auto p = join_persistent("c");
  p.send(publish{.topic = "r", .qos = 2, .id = 3, .retain = true}.bytes());
  p.expect(pubrec(3));
  p.cut();
  p = join_persistent("c");
  p.send(pubrel(3));
  p.expect(pubcomp(3));
  EXPECT_EQ(watcher.message().qos(), 2U);
  auto late = join("late");
  late.send(subscribe(1, {{"r", 2}}));
  EXPECT_TRUE(late.take(9));
  const auto m = late.message();
  EXPECT_EQ(m.qos(), 2U);
  EXPECT_TRUE(m.retain());
}

// Row 47: a QoS 2 subscription works after a restart.
TEST_P(BatterySessions, Qos2SubscriptionWorksAfterARestart) {
  auto p = join_persistent("c");
  subscribe_to(p, "a/#", 2);
  broker().crash_and_restart();
  p = join_persistent("c");
  put({.topic = "a/1", .qos = 2});
  EXPECT_EQ(p.message().qos(), 2U);
  p.cut();
  EXPECT_EQ(join_persistent("c").drain(), texts{"a/1=x"});
}

// Row 48: a burst larger than the window reuses no id that is in flight.
TEST_P(BatterySessions, BurstReusesNoIdInFlight) {
  options.limits.inflight_max = 10;
  auto p = listen("c", "a", 2);
  auto sender = join("sender");
  for (unsigned i = 1; i <= 700; ++i) {
    sender.send(publish{"a", std::to_string(i), i % 2 + 1, i}.bytes());
  }
  std::set<unsigned> in_flight;
  unsigned count = 0;
  for (auto batch = p.packets(); !batch.empty(); batch = p.packets()) {
    for (const auto& m : batch) {
      if (m.is_publish()) {
        ++count;
        EXPECT_TRUE(in_flight.insert(m.id()).second) << m.id();
        EXPECT_LE(in_flight.size(), 10U);
        if (m.qos() == 1) in_flight.erase(m.id());
        p.send(m.qos() == 1 ? puback(m.id()) : pubrec(m.id()));
      } else {
        in_flight.erase(m.id());
        p.send(pubcomp(m.id()));
      }
    }
  }
  EXPECT_EQ(count, 700U);
}

// Row 49: a subscription that is lowered leaves nothing uncounted in the queue.
TEST_P(BatterySessions, LoweredSubscriptionLeavesTheQueueCounted) {
  options.limits.inflight_max = 2;
  auto p = join_persistent("c");
  subscribe_to(p, "a", 2);
  for (int i = 0; i < 10; ++i) put({.topic = "a", .payload = std::to_string(i), .qos = 2});
  p.send(subscribe(2, {{"a", 0}}));
  EXPECT_TRUE(p.take(9));
  broker().check_balance();
  EXPECT_EQ(p.drain().size(), 10U);
  EXPECT_EQ(broker().census().log_entries, 0U);
  broker().check_balance();
}

// Row 58: a shared and an ordinary subscription are ended each by its own name, in any order.
TEST_P(BatterySessions, SharedAndOrdinaryAreApart) {
  for (const char* wrong : {"t", "$share/h/t", "$share/g/+"}) {
    auto p = join("c");
    subscribe_to(p, "$share/g/t", 1);
    p.send(unsubscribe(2, {wrong}));
    p.expect(unsuback(2));
    EXPECT_EQ(broker().census().subscriptions, 1U);
    put({.topic = "t", .qos = 1});
    EXPECT_EQ(p.drain(), texts{"t=x"});
    p.send(unsubscribe(3, {"$share/g/t"}));
    p.expect(unsuback(3));
    EXPECT_EQ(broker().census().subscriptions, 0U);
  }
  auto p = listen("c", "t", 1);
  p.send(unsubscribe(2, {"$share/g/t"}));
  p.expect(unsuback(2));
  put({.topic = "t", .qos = 1});
  EXPECT_EQ(p.drain(), texts{"t=x"});
}

// Row 59: thousands of filters of which the last is bad: all or nothing.
TEST_P(BatterySessions, ManyFiltersWithABadOne) {
  filters many;
  for (int i = 0; i < 5'000; ++i) many.emplace_back("f/" + std::to_string(i), 1U);
  many.emplace_back("a/#/b", 1U);
  auto bad = join_persistent("c");
  bad.send(subscribe(1, many));
  expect_fault(bad);
  EXPECT_EQ(broker().census().subscriptions, 0U);
  EXPECT_EQ(broker().durable_store().count().subscriptions, 0U);
  many.pop_back();
  auto good = join_persistent("c");
  good.send(subscribe(1, many));
  EXPECT_TRUE(good.take(9));
  EXPECT_EQ(broker().census().subscriptions, 5'000U);
}

// Row 60: a session is found by its whole client id.
TEST_P(BatterySessions, SessionsAreFoundByTheWholeId) {
  options.limits.client_id_bytes_max = 65'535;
  const std::string base(5'000, 'i');
  for (const char* end : {"a", "b", ""}) {
    auto p = join_persistent(base + end);
    EXPECT_EQ(session_present, 0U);
    subscribe_to(p, std::string{"to/"} + end, 1);
    leave(p);
  }
  put({.topic = "to/a", .qos = 1});
  EXPECT_EQ(join_persistent(base + "b").drain(), texts{});
  EXPECT_EQ(join_persistent(base + "a").drain(), texts{"to/a=x"});
}

// Row 63: a flood over many connections, with the least credit between shards.
TEST_P(BatterySessions, FloodWithTheLeastCredit) {
  options.mail_credit = 1;
  options.tune = [](broker::shard_options& o) { o.turn_packets_max = 8; };
  std::vector<peer> readers;
  for (int i = 0; i < 5; ++i) readers.push_back(listen("r" + std::to_string(i), "f/#", 1));
  std::vector<peer> writers;
  for (int i = 0; i < 20; ++i) writers.push_back(join("w" + std::to_string(i)));
  for (unsigned i = 1; i <= 40; ++i) {
    for (auto& w : writers) w.send(publish{"f/" + std::to_string(i % 3), "x", 1, i}.bytes());
  }
  for (auto& r : readers) EXPECT_EQ(r.drain().size(), 800U);
  for (auto& w : writers) EXPECT_EQ(w.packets().size(), 40U);
}

// Row 64: connections that take nothing cost nothing, and end.
TEST_P(BatterySessions, StalledReadersDoNotKeepTheBrokerBusy) {
  auto good = listen("good", "s/#", 0);
  std::vector<peer> stalled;
  for (int i = 0; i < 30; ++i) {
    stalled.push_back(listen("s" + std::to_string(i), "s/#", 1));
    stalled.back().socket().stall();
  }
  const std::string payload(10'000, 'p');
  for (unsigned i = 0; i < 20; ++i) put({.topic = "s/1", .payload = payload, .qos = i % 2});
  EXPECT_EQ(good.messages().size(), 20U);
  pass(seconds{50});
  EXPECT_EQ(broker().census().connections, 31U);
  pass(seconds{15});
  EXPECT_EQ(broker().census().connections, 1U);
  good.expect_alive();
}

// Row 65: a keep alive above the maximum is refused.
TEST_P(BatterySessions, KeepAliveAboveTheMaximum) {
  options.limits.keep_alive_max_s = 300;
  for (const unsigned keep_alive : {0U, 301U, 65'535U}) {
    auto c = hello("c");
    c.keep_alive_s = keep_alive;
    expect_connack_code(c.bytes(), 3);
    const auto* const event = broker().log().last("client.disconnected");
    ASSERT_NE(event, nullptr);
    EXPECT_NE(event->text().find("keep_alive_max"), std::string::npos) << event->text();
  }
}

// Row 66: PUBLISH, DISCONNECT and FIN in one segment.
TEST_P(BatterySessions, PublishDisconnectAndFinAtOnce) {
  auto watcher = listen("all", "#", 2);
  auto c = hello("c");
  c.will.emplace();
  for (const unsigned qos : {0U, 1U, 2U}) {
    auto p = open();
    p.send(c.bytes() + publish{"t", std::to_string(qos), qos, 1}.bytes() + disconnect());
    p.finish();
    broker().run();
    EXPECT_TRUE(p.closed());
    EXPECT_EQ(watcher.drain(), texts{"t=" + std::to_string(qos)});
  }
}

// Rows 67 and 68: wills at a takeover, and of a client whose rights are gone.
TEST_P(BatterySessions, WillsNeedTheRightWhenTheyAreSent) {
  test_authorizer rights;
  options.authorizer = &rights;
  auto watcher = listen("all", "#");
  auto c = hello("c");
  c.will.emplace();
  auto p = join(c);
  auto q = join(c);
  EXPECT_EQ(watcher.messages(), texts{"will/topic=gone"});
  rights.denied = {{auth::action::will, "will/topic"}};
  q.cut();
  watcher.expect_silence();
}

// Row 69: retained messages that are set and cleared from several sides end as the last one says.
TEST_P(BatterySessions, RetainedSetAndClearedFromSeveralSides) {
  auto one = join("one");
  auto two = join("two");
  for (unsigned i = 1; i <= 50; ++i) {
    one.send(publish{"r", std::to_string(i), 1, i, false, true}.bytes());
    two.send(publish{"r", "", 1, i, false, true}.bytes());
    if (i % 3 == 0) broker().run();
  }
  EXPECT_EQ(one.packets().size(), 50U);
  EXPECT_EQ(two.packets().size(), 50U);
  one.send(publish{"r", "set", 1, 60, false, true}.bytes());
  one.expect(puback(60));
  EXPECT_EQ(retained("r"), texts{"r=set"});
  two.send(publish{"r", "", 1, 60, false, true}.bytes());
  two.expect(puback(60));
  EXPECT_EQ(retained("r"), texts{});
  EXPECT_EQ(broker().census().retained, 0U);
}

}  // namespace
}  // namespace godwit::conformance
