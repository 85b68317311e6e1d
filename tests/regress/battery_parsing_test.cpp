#include "conformance/broker_test.hpp"

/// Malformed and hostile packets that brought other brokers down; the row is the number in our list
/// of them. Each ends its own connection with a reason in the log, and nothing is left in the end.

namespace godwit::conformance {
namespace {

class BatteryParsing : public broker_test {
 protected:
  /// Inputs to a connection that had its CONNACK, and to one that had not.
  void expect_faults(const std::vector<bad_input>& inputs) {
    expect_violations(inputs);
    expect_refused_silently(inputs);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, BatteryParsing, both_versions, name_of);

// Row 2: a Remaining Length of more than four bytes, and a packet hidden in what follows.
TEST_P(BatteryParsing, OverlongRemainingLengthHidesNoPacket) {
  auto watcher = listen("all", "#");
  const auto hidden = publish{.topic = "hidden", .retain = true}.bytes();
  for (const char* head : {"30 80 80 80 80 00", "30 FF FF FF FF 01", "10 80 80 80 80 80 00"}) {
    for (const bool connected : {true, false}) {
      auto p = connected ? join("c") : open();
      p.send(hex(head) + hidden);
      expect_fault(p);
    }
  }
  watcher.expect_silence();
  EXPECT_EQ(retained("#"), texts{});
}

// Row 3: less than the Remaining Length says; it waits for the rest, but not for ever.
TEST_P(BatteryParsing, ShortPacketWaitsForItsRestInBounds) {
  auto c = hello("c");
  c.keep_alive_s = 10;
  auto p = join(c);
  p.send(hex("30 80 20") + "abc");
  p.expect_silence();
  pass(seconds{17});
  p.expect_end();
  auto q = open();
  q.send(hex("10 80 20") + "abc");
  q.expect_silence();
  pass(seconds{12});
  q.expect_end();
}

// Rows 4 and 5: a PUBLISH whose Remaining Length is too small for its topic.
TEST_P(BatteryParsing, PublishShorterThanItsTopic) {
  expect_violations({{"length 3, topic 10", hex("30 03 00 0A 61")},
                     {"length 3, topic 10, QoS 1", hex("32 03 00 0A 61")},
                     {"topic 65535, length 20", packet(0x30, hex("FF FF") + std::string(18, 't'))},
                     {"topic without packet id", packet(0x34, field("topic"))}});
}

// Row 6: a PUBLISH without a topic.
TEST_P(BatteryParsing, PublishWithoutTopic) {
  expect_violations({{"QoS 0", hex("30 02 00 00")},
                     {"QoS 1", hex("32 04 00 00 00 01")},
                     {"retained", hex("31 03 00 00 78")}});
}

// Row 7: packets that only a server sends.
TEST_P(BatteryParsing, PacketsOfAServer) {
  expect_faults({{"CONNACK", connack(0, 0)},
                 {"SUBACK", suback(1, {0})},
                 {"SUBACK without codes", suback(1, {})},
                 {"UNSUBACK", unsuback(1)},
                 {"PINGRESP", pingresp()}});
}

// Row 8: reserved types end the connection at the first byte.
TEST_P(BatteryParsing, ReservedTypesEndAtTheFirstByte) {
  expect_faults({{"type 0", hex("00")}, {"type 0 with flags", hex("0F")}, {"type 15", hex("F0")}});
}

// Row 9: an acknowledgement before CONNECT.
TEST_P(BatteryParsing, AcknowledgementsBeforeConnect) {
  expect_refused_silently({{"PUBACK", puback(1)},
                           {"PUBREC", pubrec(1)},
                           {"PUBREL", pubrel(1)},
                           {"PUBCOMP", pubcomp(1)}});
}

// Row 10: a huge first packet that is no CONNECT is refused before anything is kept for it.
TEST_P(BatteryParsing, HugeFirstPacketThatIsNoConnect) {
  expect_refused_silently({{"PUBLISH of 256 MB", hex("30 FF FF FF 7F")},
                           {"SUBSCRIBE of 256 MB", hex("82 FF FF FF 7F")},
                           {"its first byte alone", hex("30")}});
}

// Row 11: a CONNECT that says it is huge is refused as soon as it has said so.
TEST_P(BatteryParsing, HugeConnects) {
  std::vector<bad_input> inputs;
  for (int i = 0; i < 50; ++i) inputs.push_back({"CONNECT of 256 MB", hex("10 FF FF FF 7F")});
  inputs.push_back({"CONNECT of 64 KiB and one byte", hex("10 FE FF 03")});
  expect_refused_silently(inputs);
  auto c = hello("c");
  c.will = {.topic = "w", .payload = std::string(60'000, 'w')};
  join(c).send(disconnect());
}

// Row 12: CONNECTs that lack their last byte end in time, and keep nothing.
TEST_P(BatteryParsing, UnfinishedConnectsEndInTime) {
  auto c = hello("c");
  c.will = {.topic = "w", .payload = std::string(60'000, 'w')};
  auto bytes = c.bytes();
  bytes.pop_back();
  std::vector<peer> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(open());
    waiting.back().send(bytes);
  }
  broker().run();
  EXPECT_EQ(broker().census().connections, 100U);
  pass(seconds{12});
  for (auto& p : waiting) p.expect_end();
  EXPECT_EQ(broker().census().connections, 0U);
}

// Row 13: a CONNECT that is cut anywhere leaks nothing, as a whole packet or as a cut stream.
TEST_P(BatteryParsing, ConnectCutAnywhere) {
  auto c = hello("c", false);
  c.will = {.topic = "will/w", .payload = "gone", .qos = 2, .retain = true};
  c.user = "user";
  c.password = "password";
  const auto bytes = c.bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto p = open();
    p.send(std::string_view{bytes}.substr(0, size));
    broker().run();
    p.cut();
    auto q = open();
    q.send(packet(0x10, bytes.substr(2, size > 2 ? size - 2 : 0)));
    broker().run();
    q.cut();
  }
  EXPECT_EQ(broker().census().connections, 0U);
}

// Row 19: a topic of 65,535 separators.
TEST_P(BatteryParsing, TopicsOfSeparatorsOnly) {
  const std::string deep(65'535, '/');
  auto watcher = listen("all", "/#");
  expect_violations({{"PUBLISH", publish{.topic = deep}.bytes()}});
  auto p = join("c");
  p.send(subscribe(1, {{deep, 0}}));
  p.expect(suback(1, {is_v31() ? 0U : 0x80U}));  // 3.1 has no code for "no"
  watcher.expect_silence();
  EXPECT_LE(broker().census().trie_nodes, 20U);
}

// Row 20: deep topics again and again do not add up.
TEST_P(BatteryParsing, DeepTopicsDoNotAddUp) {
  std::string deep = "l";
  for (int i = 1; i < 128; ++i) deep += "/" + std::to_string(i);
  auto p = listen("c", "other/#");
  const auto before = broker().census();
  for (int i = 0; i < 200; ++i) {
    p.send(publish{.topic = deep + std::to_string(i)}.bytes());
    p.send(subscribe(1, {{deep, 0}}) + unsubscribe(2, {deep}));
  }
  broker().run();
  const auto after = broker().census();
  EXPECT_EQ(after.trie_nodes, before.trie_nodes);
  EXPECT_EQ(after.subscriptions, before.subscriptions);
  EXPECT_FALSE(p.closed());
}

// Row 21: a topic that begins with '$'.
TEST_P(BatteryParsing, TopicsThatBeginWithADollar) {
  auto p = listen("c", "$foo/#", 1);
  for (const char* topic :
       {"$foo/x", "$foo", "$", "$/", "$share/g/t", "$share", "$SYS", "$SYS/x"}) {
    put({.topic = topic, .qos = 1});
  }
  EXPECT_EQ(p.drain(), (texts{"$foo/x=x", "$foo=x"}));
}

// Row 22: ill-formed UTF-8 ends its sender and reaches nobody.
TEST_P(BatteryParsing, IllFormedTopicsReachNobody) {
  auto watcher = listen("all", "#");
  for (const char* bytes : {"61 C3 28", "ED A0 80", "61 00 62", "FF", "C0 AF", "F8 88 80 80 80"}) {
    for (const bool is_retained : {false, true}) {
      auto p = join("bad");
      p.send(publish{.topic = hex(bytes), .retain = is_retained}.bytes());
      expect_fault(p);
    }
  }
  watcher.expect_silence();
  watcher.expect_alive();
  EXPECT_EQ(broker().census().retained, 0U);
}

// Row 23: retained messages with every combination of flags.
TEST_P(BatteryParsing, PublishWithEveryFlag) {
  for (unsigned flags = 0; flags < 16; ++flags) {
    const unsigned qos = (flags >> 1U) & 3U;
    auto p = join("c");
    p.send(packet(0x30U | flags, field("r") + (qos > 0 ? u16(1) : "") + "x"));
    broker().run();
    const bool allowed = qos != 3 && (qos != 0 || (flags & 8U) == 0 || is_v31());
    EXPECT_EQ(p.closed(), !allowed) << flags;
  }
  EXPECT_EQ(retained("#", 2), texts{"r=x"});
}

// Row 24: a storm of retained messages in pages of one.
TEST_P(BatteryParsing, RetainedMessagesInPagesOfOne) {
  options.tune = [](broker::shard_options& o) {
    o.retained_page_messages = 1;
    o.retained_page_bytes = 1;
  };
  auto sender = join("sender");
  for (unsigned i = 0; i < 300; ++i) {
    sender.send(publish{"r/" + std::to_string(i), "x", 0, 0, false, true}.bytes());
  }
  EXPECT_EQ(retained("#").size(), 300U);
  EXPECT_EQ(retained("r/+", 1).size(), 300U);
}

// Row 28: what looks like properties in a packet of 3.x is payload.
TEST_P(BatteryParsing, NothingIsReadAsPropertiesIn3x) {
  auto p = listen("c", "a", 1);
  for (const char* bytes : {"00", "02 23 00 01", "05 02 00 00 00 01", "FF FF FF FF"}) {
    put({.topic = "a", .payload = hex(bytes), .qos = 1});
    EXPECT_EQ(p.drain(), texts{"a=" + hex(bytes)});
  }
  expect_violations({{"PUBACK with a reason code", hex("40 03 00 01 00")},
                     {"DISCONNECT with a reason code", hex("E0 01 04")},
                     {"AUTH", hex("F0 00")}});
}

// Row 31: a second CONNECT.
TEST_P(BatteryParsing, SecondConnect) {
  expect_violations({{"another id", hello("d").bytes()},
                     {"another version", raw_connect("MQTT", 5, 2, std::string(1, '\0'))},
                     {"a bad one", raw_connect("MQTX", 4, 2, field("c"))}});
}

// Row 32: packet id 0.
TEST_P(BatteryParsing, PacketIdZero) {
  expect_violations({{"SUBSCRIBE", subscribe(0, {{"a", 0}})},
                     {"UNSUBSCRIBE", unsubscribe(0, {"a"})},
                     {"PUBLISH QoS 1", publish{.qos = 1, .id = 0}.bytes()},
                     {"PUBLISH QoS 2", publish{.qos = 2, .id = 0}.bytes()}});
}

// Row 33: flags of the fixed header, which 3.1 leaves unused.
TEST_P(BatteryParsing, HeaderFlags) {
  const std::vector<bad_input> inputs{{"SUBSCRIBE", subscribe(1, {{"a", 0}}, 0x80)},
                                      {"UNSUBSCRIBE", unsubscribe(1, {"a"}, 0xA0)},
                                      {"PUBREL", ack(0x60, 1)}};
  if (!is_v31()) return expect_violations(inputs);
  for (const auto& [what, bytes] : inputs) {
    auto p = join("c");
    p.send(bytes);
    EXPECT_EQ(p.packets().size(), 1U) << what;
    p.expect_alive();
  }
}

// Row 34: U+0000 ends the connection; other control characters are the standard's to allow.
TEST_P(BatteryParsing, ControlCharacters) {
  const std::string nul{"\0", 1};
  expect_violations({{"PUBLISH", publish{.topic = "a" + nul}.bytes()},
                     {"SUBSCRIBE", subscribe(1, {{nul, 0}})},
                     {"UNSUBSCRIBE", unsubscribe(1, {nul + "a"})}});
  expect_refused_silently({{"client id", hello("c" + nul).bytes()}});
  const std::string controls = "\x01\x1F\x7F\r\n\t";
  auto p = listen(controls, controls, 0);
  put({.topic = controls});
  EXPECT_EQ(p.messages(), texts{controls + "=x"});
}

// Row 35: a client id is a key, whatever it looks like.
TEST_P(BatteryParsing, ClientIdsAreOpaque) {
  const texts ids{"a.b", "*", ">", "/", "..", "../..", "#", "+", "$SYS", "%u", "a b", "'; --"};
  std::vector<peer> all;
  for (const auto& id : ids) {
    all.push_back(join_persistent(id));
    subscribe_to(all.back(), "t", 1);
  }
  put({.topic = "t", .qos = 1});
  for (auto& p : all) EXPECT_EQ(p.drain(), texts{"t=x"});
}

// Row 41: a SUBSCRIBE that is cut anywhere.
TEST_P(BatteryParsing, SubscribeCutAnywhere) {
  const auto body = subscribe(1, {{"a/b", 1}, {"$share/g/c", 2}, {"d/#", 0}}).substr(2);
  std::vector<bad_input> inputs;
  const std::size_t after_first = 2 + 2 + 3 + 1;
  const std::size_t after_second = after_first + 2 + 10 + 1;
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (size == after_first || size == after_second) continue;  // whole packets
    inputs.push_back({"cut at " + std::to_string(size), packet(0x82, body.substr(0, size))});
  }
  expect_violations(inputs);
  EXPECT_EQ(broker().census().groups, 0U);
}

// Row 42: behind a malformed packet nothing is read, not even a good one.
TEST_P(BatteryParsing, NothingIsReadBehindAMalformedPacket) {
  auto watcher = listen("all", "#");
  auto p = join_persistent("c");
  p.send(subscribe(1, {}) + subscribe(2, {{"a", 1}}) + publish{.topic = "a"}.bytes());
  expect_fault(p);
  watcher.expect_silence();
  EXPECT_EQ(broker().census().subscriptions, 1U);
}

}  // namespace
}  // namespace godwit::conformance
