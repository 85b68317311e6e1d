#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// Malformed and misplaced packets, and DISCONNECT.
class Errors : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Errors, both_versions, name_of);

TEST_P(Errors, ReservedAndServerTypesEndTheConnection) {
  clause("v31 M31-hdr-1");
  clause("v311 MQTT-2.2.2-2");
  clause("v31 M31-err-1");
  expect_violations({{"type 0", hex("00 00")},
                     {"type 0, first byte", hex("00")},
                     {"type 15", hex("F0 00")},
                     {"type 15, first byte", hex("F0")},
                     {"CONNACK", connack(0, 0)},
                     {"SUBACK", suback(1, {0})},
                     {"UNSUBACK", unsuback(1)},
                     {"PINGRESP", pingresp()}});
}

TEST_P(Errors, RemainingLengthHasFourBytes) {
  clause("v31 M31-hdr-2");
  clause("v311 MQTT-4.8.0-1");
  expect_violations({{"a fifth byte", hex("30 FF FF FF FF 7F")},
                     {"only continuation", hex("30 80 80 80 80")},
                     {"a packet hidden behind", hex("82 80 80 80 80 01") + publish{}.bytes()}});
  auto p = listen("c", "a");
  for (const std::size_t size : {0U, 123U, 124U, 16'379U, 16'380U, 2'097'147U, 2'097'148U}) {
    const std::string payload(size, 'p');  // 127/128, 16383/16384 and 2097151/2097152 in all
    p.send(publish{.topic = "a", .payload = payload}.bytes());
    EXPECT_EQ(p.messages(), texts{"a=" + payload}) << size;
  }
}

TEST_P(Errors, LongerThanAllowedEndTheConnection) {
  clause("v31 M31-hdr-2");
  options.limits.packet_bytes_max = 1'000;
  auto p = join("c");
  p.send(publish{.topic = "a", .payload = std::string(994, 'p')}.bytes());
  p.expect_alive();
  p.send(packet(0x30, std::string(998, 'p')).substr(0, 3));  // says it is 1001 long
  p.expect_end();
}

TEST_P(Errors, LengthsThatDoNotFitEndTheConnection) {
  clause("v311 MQTT-4.8.0-1");
  clause("v31 M31-err-1");
  expect_violations({{"PUBACK without id", hex("40 00")},
                     {"PUBACK with half an id", hex("40 01 00")},
                     {"PUBACK with more", hex("40 03 00 01 00")},
                     {"PUBREC with more", hex("50 04 00 01 00 00")},
                     {"PUBREL without id", hex("62 00")},
                     {"PUBCOMP with more", hex("70 03 00 01 00")},
                     {"PINGREQ with more", hex("C0 01 00")},
                     {"DISCONNECT with more", hex("E0 01 00")},
                     {"SUBSCRIBE, empty", hex("82 00")},
                     {"UNSUBSCRIBE, empty", hex("A2 00")},
                     {"PUBLISH, empty", hex("30 00")}});
}

TEST_P(Errors, EndTheirOwnConnectionOnly) {
  clause("v311 MQTT-4.8.0-1");
  auto other = listen("other", "a/#", 2);
  put({.topic = "a/1", .qos = 2});
  const auto held = other.message();
  for (int i = 0; i < 10; ++i) {
    auto p = join("bad");
    p.send(publish{.topic = "a/good", .qos = 0}.bytes() + hex("00") +
           publish{.topic = "a/bad", .qos = 0}.bytes());
    p.expect_end();
    EXPECT_EQ(other.messages(), texts{"a/good=x"}) << "what came before counts, what follows not";
  }
  other.send(pubrec(held.id()));
  other.expect(pubrel(held.id()));
}

TEST_P(Errors, OfTheStoreAcknowledgeNothing) {
  clause("v311 MQTT-4.8.0-2");
  options.store_mode = test::store_mode::manual;
  const auto settle = [this] {
    for (int i = 0; i < 20; ++i) {
      broker().run();
      broker().durable_store().commit(100);
    }
    broker().run();
  };
  auto keeper = open();
  keeper.send(hello("keeper", false).bytes() + subscribe(1, {{"a", 1}}));
  settle();
  keeper.expect(connack(0, 0) + suback(1, {1}));
  keeper.send(disconnect());
  settle();
  auto p = join("c");
  p.send(publish{.topic = "a", .qos = 1, .id = 7}.bytes());
  p.expect_silence();
  broker().crash_and_restart();
  p.expect_end();
  auto again = open();
  again.send(hello("keeper", false).bytes());
  settle();
  again.expect(connack(is_v31() ? 0 : 1, 0));
}

TEST_P(Errors, AreAnsweredWithTheEndAlone) {
  clause("v31 M31-err-1");
  clause("v311 MQTT-4.8.0-1");
  auto p = join("c");
  p.send(publish{.qos = 1, .id = 3}.bytes() + pingreq() + packet(0x36, "") + pingreq());
  p.expect_end(puback(3) + pingresp());
}

TEST_P(Errors, DisconnectEndsTheConnectionOnBothSides) {
  clause("v31 M31-disc-1");
  auto p = join("c");
  p.send(disconnect());
  p.expect_end();
}

TEST_P(Errors, NothingCountsBehindADisconnect) {
  clause("v311 MQTT-3.14.4-2");
  auto watcher = listen("watcher", "#");
  auto p = join("c");
  p.send(publish{.topic = "before"}.bytes() + disconnect() + publish{.topic = "behind"}.bytes() +
         hex("00 00"));
  p.expect_end();
  EXPECT_EQ(watcher.messages(), texts{"before=x"});
}

TEST_P(Errors, PacketsOfTheBrokerHaveTheirFlags) {
  clause("v311 MQTT-2.2.2-1");
  clause("v31 M31-flags-5");
  clause("v31 M31-flags-6");
  auto p = open();
  p.send(hello("c").bytes() + subscribe(1, {{"a", 2}, {"b", 1}}) + unsubscribe(2, {"b"}) +
         pingreq() + publish{.topic = "x", .qos = 1, .id = 3}.bytes() +
         publish{.topic = "x", .qos = 2, .id = 4}.bytes());
  broker().run();
  p.send(pubrel(4));
  put({.topic = "a", .qos = 2});
  std::string firsts;
  for (const auto& got : p.packets()) {
    firsts.push_back(static_cast<char>(got.first));
    if (got.is_publish()) p.send(pubrec(got.id()));
  }
  EXPECT_EQ(to_hex(firsts), "20 90 B0 D0 40 50 70 34");
  const auto release = p.take(6);
  ASSERT_TRUE(release);
  EXPECT_EQ(release->first, 0x62U);
}

TEST_P(Errors, BytesMayComeInAnyPieces) {
  clause("v311 MQTT-7.1.1-1");
  clause("v311 MQTT-7.0.0-2");
  const auto bytes = hello("c").bytes() + subscribe(1, {{"a/+", 1}}) +
                     publish{.topic = "a/b", .qos = 2, .id = 7}.bytes() + pingreq();
  for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 11U, 1'000U}) {
    auto p = open();
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      p.send(std::string_view{bytes}.substr(at, piece));
      broker().run();
    }
    EXPECT_EQ(p.take(2)->bytes, connack(0, 0));
    EXPECT_EQ(p.take(9)->bytes, suback(1, {1}));
    EXPECT_EQ(p.take(5)->bytes, pubrec(7));
    EXPECT_EQ(p.take(13)->bytes, pingresp());
    EXPECT_EQ(p.message().payload(), "x");
  }
}

/// The rules of 3.1.1 alone.
class ErrorsV311 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, ErrorsV311, only_v311, name_of);

TEST_P(ErrorsV311, WrongFlagsEndTheConnection) {
  clause("v311 MQTT-2.2.2-2");
  clause("v311 MQTT-3.14.1-1");
  const std::vector<std::pair<unsigned, std::string>> good{
      {0x40, u16(1)}, {0x50, u16(1)}, {0x70, u16(1)}, {0xC0, ""}, {0xE0, ""}};
  std::vector<bad_input> inputs;
  for (const auto& [first, body] : good) {
    for (unsigned flags = 1; flags < 16; ++flags) {
      inputs.push_back({"flags " + std::to_string(flags), packet(first | flags, body)});
    }
  }
  expect_violations(inputs);
}

TEST_P(ErrorsV311, RequestsNeedTheirFlags) {
  clause("v311 MQTT-3.6.1-1");
  clause("v311 MQTT-3.8.1-1");
  clause("v311 MQTT-3.10.1-1");
  std::vector<bad_input> inputs;
  for (unsigned flags = 0; flags < 16; ++flags) {
    if (flags == 2) continue;
    inputs.push_back({"PUBREL", pubrel(1).replace(0, 1, 1, static_cast<char>(0x60U | flags))});
    inputs.push_back({"SUBSCRIBE", subscribe(1, {{"a", 0}}, 0x80U | flags)});
    inputs.push_back({"UNSUBSCRIBE", unsubscribe(1, {"a"}, 0xA0U | flags)});
  }
  expect_violations(inputs);
}

TEST_P(ErrorsV311, ConnectNeedsItsFlags) {
  clause("v311 MQTT-2.2.2-2");
  clause("v311 MQTT-3.1.4-1");
  std::vector<bad_input> inputs;
  for (unsigned flags = 1; flags < 16; ++flags) {
    inputs.push_back({"flags", raw_connect("MQTT", 4, 0x02, field("c"), 0x10U | flags)});
  }
  expect_refused_silently(inputs);
}

/// The rules of 3.1 alone.
class ErrorsV31 : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, ErrorsV31, only_v31, name_of);

TEST_P(ErrorsV31, PubrelMayHaveAnyFlags) {
  clause("v31 M31-flags-4");
  auto p = join("c");
  for (unsigned flags = 0; flags < 16; ++flags) {
    p.send(publish{.qos = 2, .id = 1}.bytes());
    p.expect(pubrec(1));
    p.send(ack(0x60U | flags, 1));
    p.expect(pubcomp(1));
  }
  p.send(ack(0x6A, 1));  // a retry
  p.expect(pubcomp(1));
}

TEST_P(ErrorsV31, UnusedFlagsAreIgnored) {
  clause("v31 M31-flags-5");
  auto p = listen("c", "a", 2);
  for (unsigned flags = 0; flags < 16; ++flags) {
    p.send(packet(0xC0U | flags, ""));
    p.expect(pingresp());
    put({.topic = "a", .qos = 1});
    const auto one = p.message();
    p.send(ack(0x40U | flags, one.id()));
    put({.topic = "a", .qos = 2});
    const auto two = p.message();
    p.send(ack(0x50U | flags, two.id()));
    p.expect(pubrel(two.id()));
    p.send(ack(0x70U | flags, two.id()));
    p.expect_silence();
  }
  EXPECT_EQ(broker().census().log_entries, 0U);
  p.send(packet(0xEF, ""));
  p.expect_end();
}

}  // namespace
}  // namespace godwit::conformance
