#include "conformance/broker_test.hpp"

#include <map>

namespace godwit::conformance {
namespace {

/// Order of messages and of answers.
class Order : public broker_test {
 protected:
  /// "topic=1" ... of a count of messages.
  static texts numbered(const std::string& topic, unsigned from, unsigned to) {
    texts out;
    for (unsigned i = from; i <= to; ++i) out.push_back(topic + "=" + std::to_string(i));
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Order, both_versions, name_of);

TEST_P(Order, OfResendsIsTheOriginalOne) {
  clause("v311 MQTT-4.6.0-1");
  clause("v31 M31-order-1");
  auto first = join_persistent("c");
  subscribe_to(first, "a", 2);
  for (unsigned i = 1; i <= 8; ++i) {
    put({.topic = "a", .payload = std::to_string(i), .qos = i % 2 + 1});
  }
  const auto sent = first.packets();
  ASSERT_EQ(sent.size(), 8U);
  first.send(puback(sent[1].id()));  // a gap in the middle, and one answer out of order
  first.send(pubrec(sent[4].id()));
  first.cut();
  put({.topic = "a", .payload = "9", .qos = 1});
  auto second = join_persistent("c");
  texts kinds;
  for (const auto& p : second.packets()) {
    kinds.push_back(p.is_publish() ? p.payload() : "rel" + std::to_string(p.id()));
  }
  EXPECT_EQ(kinds,
            (texts{"1", "3", "4", "rel" + std::to_string(sent[4].id()), "6", "7", "8", "9"}));
}

TEST_P(Order, OfPubacksFollowsThePublishes) {
  clause("v311 MQTT-4.6.0-2");
  auto keeper = join_persistent("keeper");
  subscribe_to(keeper, "t/3", 1);
  auto p = join("c");
  std::string packets;
  std::string expected;
  for (unsigned i = 1; i <= 100; ++i) {
    packets += publish{.topic = "t/" + std::to_string(i % 7), .qos = 1, .id = 101 - i}.bytes();
    expected += puback(101 - i);
  }
  p.send(packets);
  p.expect(expected);
}

TEST_P(Order, OfPubrecsFollowsThePublishes) {
  clause("v311 MQTT-4.6.0-3");
  clause("v31 M31-order-1");
  auto keeper = join_persistent("keeper");
  subscribe_to(keeper, "t/3", 2);
  auto p = join_persistent("c");
  std::string packets;
  std::string expected;
  for (unsigned i = 1; i <= 100; ++i) {
    packets += publish{.topic = "t/" + std::to_string(i % 7), .qos = 2, .id = 101 - i}.bytes();
    expected += pubrec(101 - i);
  }
  p.send(packets);
  p.expect(expected);
}

TEST_P(Order, OfAnswersHoldsWhileOneWaitsForTheStore) {
  clause("v311 MQTT-4.6.0-2");
  clause("v311 MQTT-4.6.0-3");
  options.store_mode = test::store_mode::manual;
  const auto settle = [this] {
    for (int i = 0; i < 50; ++i) {
      broker().run();
      broker().durable_store().commit(1'000);
    }
    broker().run();
  };
  auto keeper = open();
  keeper.send(hello("keeper", false).bytes());
  settle();
  keeper.expect(connack(0, 0));
  keeper.send(subscribe(1, {{"kept", 2}}));
  settle();
  keeper.expect(suback(1, {2}));

  auto p = join("c");
  p.send(publish{.topic = "free", .qos = 1, .id = 1}.bytes());
  p.expect(puback(1));
  p.send(publish{.topic = "kept", .qos = 1, .id = 2}.bytes() +
         publish{.topic = "free", .qos = 1, .id = 3}.bytes() +
         publish{.topic = "kept", .qos = 1, .id = 4}.bytes());
  p.expect_silence();
  settle();
  p.expect(puback(2) + puback(3) + puback(4));
}

TEST_P(Order, OfAnswersSurvivesARepetitionThatWaitsForTheStore) {
  clause("v311 MQTT-4.3.3-2");
  options.store_mode = test::store_mode::manual;
  const auto settle = [this] {
    for (int i = 0; i < 20; ++i) {
      broker().run();
      broker().durable_store().commit(1'000);
    }
    broker().run();
  };
  auto p = open();
  p.send(hello("c", false).bytes());
  settle();
  p.expect(connack(0, 0));
  p.send(publish{.topic = "a", .qos = 2, .id = 7}.bytes() +
         publish{.topic = "a", .qos = 2, .id = 7, .dup = true}.bytes() +
         publish{.topic = "a", .qos = 1, .id = 8}.bytes());
  p.expect_silence();
  settle();
  p.expect(pubrec(7) + pubrec(7) + puback(8));
}

TEST_P(Order, OfPubrelBeforePubrecIsAnError) {
  options.store_mode = test::store_mode::manual;
  auto p = open();
  p.send(hello("c", false).bytes());
  broker().run();
  broker().durable_store().commit(1'000);
  broker().run();
  p.expect(connack(0, 0));
  p.send(publish{.topic = "a", .qos = 2, .id = 7}.bytes() + pubrel(7));
  p.expect_end();
}

TEST_P(Order, OfPubrelsFollowsThePubrecs) {
  clause("v311 MQTT-4.6.0-4");
  clause("v31 M31-order-1");
  auto p = listen("c", "a", 2);
  for (int i = 0; i < 5; ++i) put({.topic = "a", .qos = 2});
  const auto sent = p.packets();
  ASSERT_EQ(sent.size(), 5U);
  std::string answers;
  std::string expected;
  for (const std::size_t i : {3U, 0U, 4U, 2U, 1U}) {
    answers += pubrec(sent[i].id());
    expected += pubrel(sent[i].id());
  }
  p.send(answers);
  p.expect(expected);
}

TEST_P(Order, OfOnePublisherHoldsAtEverySubscriber) {
  clause("v311 MQTT-4.6.0-5");
  clause("v311 MQTT-4.6.0-6");
  clause("v31 M31-order-1");
  std::vector<peer> readers;
  for (const char* id : {"r1", "r2", "r3"}) readers.push_back(listen(id, "t/#", 2));
  auto sender = join("sender");
  constexpr unsigned count = 400;
  std::vector<std::map<std::string, texts>> seen(readers.size());
  for (unsigned i = 1; i <= count; ++i) {
    for (const unsigned qos : {0U, 1U, 2U}) {
      const auto topic = "t/" + std::to_string(qos);
      sender.send(publish{topic, std::to_string(i), qos, 3 * i + qos}.bytes());
    }
    if (i % 50 != 0) continue;
    for (const auto& answer : sender.packets()) {
      if (answer.type() == 5) sender.send(pubrel(answer.id()));
    }
    for (std::size_t r = 0; r < readers.size(); ++r) {
      for (auto& text : readers[r].drain()) seen[r][text.substr(0, 3)].push_back(text);
    }
  }
  for (auto& by_topic : seen) {
    for (const char* topic : {"t/0", "t/1", "t/2"}) {
      EXPECT_EQ(by_topic[topic], numbered(topic, 1, count));
    }
  }
}

TEST_P(Order, HoldsFromTheQueueToLiveTraffic) {
  clause("v311 MQTT-4.6.0-6");
  options.limits.inflight_max = 10;
  auto first = join_persistent("c");
  subscribe_to(first, "t", 1);
  first.cut();
  auto sender = join("sender");
  const auto send = [&sender](unsigned from, unsigned to) {
    for (unsigned i = from; i <= to; ++i) {
      sender.send(publish{"t", std::to_string(i), 1, i}.bytes());
    }
  };
  send(1, 100);
  auto second = join_persistent("c");
  EXPECT_EQ(second.messages().size(), 10U);  // not acknowledged
  send(101, 150);
  second.cut();
  auto third = join_persistent("c");
  send(151, 200);
  EXPECT_EQ(third.drain(), numbered("t", 1, 200));
}

TEST_P(Order, IsNotBrokenByQosZeroWhileTheQueueIsReplayed) {
  clause("v311 MQTT-4.6.0-6");
  options.limits.inflight_max = 2;
  auto first = join_persistent("c");
  subscribe_to(first, "t", 1);
  first.cut();
  for (int i = 1; i <= 5; ++i) put({.topic = "t", .payload = std::to_string(i), .qos = 1});
  auto second = join_persistent("c");
  put({.topic = "t", .payload = "last"});
  EXPECT_EQ(second.drain(), (texts{"t=1", "t=2", "t=3", "t=4", "t=5", "t=last"}));
}

}  // namespace
}  // namespace godwit::conformance
