#include "decoding.hpp"

namespace godwit::mqtt {
namespace {

using enum protocol_version;

TEST(Publish, ReadsEveryFlagCombination) {
  for (const protocol_version v : all_versions) {
    for (unsigned flags = 0; flags < 16; ++flags) {
      const unsigned level = flags >> 1U & 3U;
      if (level == 3 || (level == 0 && flags >= 8)) continue;
      raw_packet body;
      body.text("a/b");
      if (level > 0) body.u16(0x0102);
      if (v == v5) body.u8(0);
      const base::bytes packet = body.raw("hello").packet(0x30 | flags);
      const auto p = decoded<publish_view>(packet, v);
      EXPECT_EQ(p.topic, "a/b");
      EXPECT_EQ(base::as_text(p.payload), "hello");
      EXPECT_EQ(static_cast<unsigned>(p.quality), level);
      EXPECT_EQ(p.retain, (flags & 1U) != 0);
      EXPECT_EQ(p.dup, (flags & 8U) != 0);
      EXPECT_EQ(p.id.value(), level > 0 ? 0x0102 : 0);
    }
  }
}

TEST(Publish, HasAPacketIdAboveQos0Only) {
  clause("v311 MQTT-2.3.1-5");
  clause("v5 MQTT-2.2.1-2");
  clause("v31 M31-pub-4");
  const base::bytes v3 = hex("30 05 00 01 61 00 01");
  EXPECT_EQ(decoded<publish_view>(v3, v31).payload.size(), 2U);
  EXPECT_EQ(decoded<publish_view>(v3, v311).payload.size(), 2U);
  const base::bytes with_properties = hex("30 06 00 01 61 00 00 01");
  EXPECT_EQ(decoded<publish_view>(with_properties, v5).payload.size(), 2U);
}

// Battery 32.
TEST(Publish, PacketIdIsNot0) {
  clause("v311 MQTT-2.3.1-1");
  clause("v5 MQTT-2.2.1-3");
  clause("v31 M31-mid-1");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refusal(hex("32 06 00 01 61 00 00 00"), v), reason_code::protocol_error);
    EXPECT_EQ(refusal(hex("34 06 00 01 61 00 00 00"), v), reason_code::protocol_error);
    EXPECT_EQ(refusal(hex("32 06 00 01 61 00 01 00"), v), std::nullopt);
  }
}

TEST(Publish, Qos3IsRefusedByTheDecoderToo) {
  clause("v31 M31-hdr-3");
  clause("v311 MQTT-3.3.1-4");
  clause("v5 MQTT-3.3.1-4");
  const base::bytes body = hex("00 01 61 00 01");
  for (const protocol_version v : all_versions) {
    const auto p = decode_publish({packet_type::publish, 0x06, body, 7}, v);
    ASSERT_FALSE(p.has_value());
    EXPECT_EQ(p.error().code, reason_code::malformed_packet);
  }
}

TEST(Publish, DupAtQos0IsMalformedFromMqtt311On) {
  clause("v311 MQTT-3.3.1-2");
  clause("v5 MQTT-3.3.1-2");
  EXPECT_EQ(refused_by(hex("38 03 00 01 61"), v311), "v311 MQTT-3.3.1-2");
  EXPECT_EQ(refused_by(hex("38 04 00 01 61 00"), v5), "v5 MQTT-3.3.1-2");
}

TEST(Publish, DupAtQos0MeansNothingInMqtt31) {
  clause("v31 M31-flags-7");
  const base::bytes packet = hex("38 03 00 01 61");
  EXPECT_FALSE(decoded<publish_view>(packet, v31).dup);
}

// Battery 4, 5, 27.
TEST(Publish, FieldsEndWithinThePacket) {
  clause("v311 MQTT-3.3.2-1");
  clause("v5 MQTT-3.3.2-1");
  for (const protocol_version v : all_versions) {
    for (const char* packet : {"30 00", "30 01 00", "30 03 00 0A 61", "30 06 FF FF 61 61 61 61",
                               "32 03 00 01 61", "32 04 00 01 61 00", "34 04 00 01 61 01"}) {
      EXPECT_EQ(refusal(hex(packet), v), reason_code::malformed_packet) << packet;
    }
  }
  EXPECT_EQ(refusal(hex("30 03 00 01 61"), v5), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("30 05 00 01 61 05 01"), v5), reason_code::malformed_packet);
}

// Battery 22.
TEST(Publish, TopicIsUtf8) {
  clause("v311 MQTT-1.5.3-1");
  clause("v311 MQTT-1.5.3-2");
  clause("v311 MQTT-4.7.3-2");
  for (const protocol_version v : all_versions) {
    for (const char* topic : {"C3 28", "ED A0 80", "C0 80", "F5 80 80 80", "61 00 62", "E2 82",
                              "61 62 63 64 65 66 67 68 69 FF"}) {
      raw_packet body;
      const base::bytes bytes = hex(topic);
      body.text(base::as_text(bytes)).u8(0);
      EXPECT_EQ(refusal(body.packet(0x30), v), reason_code::malformed_packet) << topic;
    }
  }
}

TEST(Publish, TopicIsUtf8InMqtt5) {
  clause("v5 MQTT-1.5.4-1");
  clause("v5 MQTT-1.5.4-2");
  clause("v5 MQTT-4.7.3-2");
  EXPECT_EQ(refused_by(hex("30 05 00 02 C3 28 00"), v5), "v5 MQTT-1.5.4-1 v5 MQTT-1.5.4-2");
  EXPECT_EQ(refused_by(hex("30 05 00 02 61 00 00"), v5), "v5 MQTT-1.5.4-1 v5 MQTT-1.5.4-2");
}

TEST(Publish, TopicKeepsTheByteOrderMark) {
  clause("v311 MQTT-1.5.3-3");
  clause("v5 MQTT-1.5.4-3");
  for (const protocol_version v : all_versions) {
    const base::bytes packet = hex("30 07 00 04 EF BB BF 74 00");
    EXPECT_EQ(decoded<publish_view>(packet, v).topic, "\xEF\xBB\xBFt");
  }
}

TEST(Publish, TopicAcceptsControlCharactersAndDollar) {
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refusal(hex("30 07 00 04 61 01 7F 1B 00"), v), std::nullopt);
    EXPECT_EQ(refusal(hex("30 05 00 02 24 61 00"), v), std::nullopt);
  }
}

TEST(Publish, TopicOfSurrogatePairsIsForMqtt31Only) {
  clause("v31 M31-utf8-1");
  const base::bytes packet = hex("30 09 00 06 ED A0 BD ED B8 80 00");
  const auto p = decoded<publish_view>(packet, v31);
  EXPECT_EQ(p.topic, "\xED\xA0\xBD\xED\xB8\x80") << "as sent";
  EXPECT_TRUE(needs_utf8_repair(p.topic));
  EXPECT_EQ(refusal(packet, v311), reason_code::malformed_packet);
}

TEST(Publish, TopicHasNoWildcards) {
  clause("v311 MQTT-3.3.2-2");
  clause("v5 MQTT-3.3.2-2");
  clause("v31 M31-pub-1");
  for (const protocol_version v : all_versions) {
    for (const char* topic :
         {"#", "+", "a/#", "a+b", "abcdefghijk/+/lmn", "abcdefghijklmnop/#", "\xC3\xA9#"}) {
      EXPECT_EQ(refusal(raw_packet{}.text(topic).u8(0).packet(0x30), v),
                reason_code::topic_name_invalid)
          << topic;
    }
  }
}

// Battery 6.
TEST(Publish, TopicIsNotEmpty) {
  clause("v311 MQTT-4.7.3-1");
  clause("v5 MQTT-4.7.3-1");
  clause("v31 M31-topic-1");
  EXPECT_EQ(refusal(hex("30 02 00 00"), v31), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("30 02 00 00"), v311), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("30 03 00 00 00"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("30 05 00 00 02 01 01"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("30 06 00 00 03 23 00 01"), v5), std::nullopt) << "an alias";
}

TEST(Publish, TopicMayHave65535Bytes) {
  clause("v311 MQTT-4.7.3-3");
  clause("v5 MQTT-4.7.3-3");
  clause("v31 M31-topic-2");
  for (const protocol_version v : all_versions) {
    const base::bytes packet = raw_packet{}.text(std::string(65'535, 't')).u8(0).packet(0x30);
    EXPECT_EQ(decoded<publish_view>(packet, v).topic.size(), 65'535U);
  }
}

TEST(Publish, PayloadMayBeEmptyAndIsNeverLookedAt) {
  clause("v31 M31-pub-3");
  EXPECT_TRUE(decoded<publish_view>(hex("30 03 00 01 61"), v31).payload.empty());
  EXPECT_EQ(refusal(hex("30 06 00 01 61 FF 00 C0"), v311), std::nullopt);
}

TEST(Publish, AliasIsNot0) {
  clause("v5 MQTT-3.3.2-8");
  EXPECT_EQ(refusal(hex("30 07 00 01 61 03 23 00 00"), v5), reason_code::topic_alias_invalid);
}

TEST(Publish, SubscriptionIdentifierComesFromServersOnly) {
  clause("v5 MQTT-3.3.4-6");
  const base::bytes packet = hex("30 06 00 01 61 02 0B 01");
  EXPECT_EQ(refusal(packet, v5), reason_code::protocol_error);
  const auto p = decoded<publish_view>(packet, v5, frame_source::server);
  EXPECT_EQ(p.properties.subscription_identifier(), 1U);
}

TEST(Publish, PropertyLengthIsInItsShortestForm) {
  clause("v5 MQTT-1.5.5-1");
  EXPECT_EQ(refused_by(hex("30 05 00 01 61 80 00"), v5), "v5 MQTT-1.5.5-1");
  EXPECT_EQ(refusal(hex("30 08 00 01 61 FF FF FF FF 7F"), v5), reason_code::malformed_packet);
}

}  // namespace
}  // namespace godwit::mqtt
