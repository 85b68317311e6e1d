#include "conformance/wire.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/topic.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

/// Bugs of other brokers in decoding, as far as the codec alone can show them: above all what MQTT
/// 5 added. The row is the number in our list of them.

namespace godwit::conformance {
namespace {

constexpr auto v5 = protocol_version::v5;
constexpr auto malformed = mqtt::reason_code::malformed_packet;
constexpr auto violation = mqtt::reason_code::protocol_error;

/// The frame in `bytes`, which must be whole, and hold its body in memory of exactly its size, so
/// that a read beyond it shows.
struct framed {
  explicit framed(const std::string& bytes, mqtt::sender from = mqtt::sender::client)
      : body{base::as_bytes(bytes).begin() + 2, base::as_bytes(bytes).end()} {
    GODWIT_ASSERT(static_cast<unsigned char>(bytes[1]) == body.size());
    const auto first = static_cast<unsigned char>(bytes[0]);
    frame = {.type = static_cast<mqtt::packet_type>(first >> 4U),
             .flags = static_cast<std::uint8_t>(first & 15U),
             .body = body,
             .size = bytes.size(),
             .from = from};
  }
  base::bytes body;
  mqtt::frame frame;
};

/// The error that decoding gives; nothing if it succeeds.
std::optional<mqtt::reason_code> fault(const std::string& bytes, protocol_version v = v5,
                                       mqtt::sender from = mqtt::sender::client) {
  const framed f{bytes, from};
  const auto p = mqtt::decode(f.frame, v);
  if (p) return std::nullopt;
  return p.error().code;
}

std::string v5_connect(const std::string& properties, const std::string& payload = field("c"),
                       unsigned flags = 0x02) {
  std::string body = field("MQTT") + hex("05");
  body.push_back(static_cast<char>(flags));
  return packet(0x10, body + u16(0) + properties + payload);
}

std::string block(const std::string& properties) {
  GODWIT_ASSERT(properties.size() < 128);
  return static_cast<char>(properties.size()) + properties;
}

// Row 1: a property length of five bytes.
TEST(BatteryCodec, OverlongPropertyLength) {
  for (const char* length : {"FF FF FF FF 7F", "80 80 80 80 00", "FF FF FF FF"}) {
    EXPECT_EQ(fault(v5_connect(hex(length))), malformed);
    EXPECT_EQ(fault(packet(0x30, field("t") + hex(length))), malformed);
    EXPECT_EQ(fault(packet(0x82, u16(1) + hex(length) + field("f") + hex("00"))), malformed);
  }
}

// Row 6: an empty topic without an alias.
TEST(BatteryCodec, EmptyTopicWithoutAlias) {
  EXPECT_EQ(fault(packet(0x30, field("") + hex("00"))), violation);
  EXPECT_EQ(fault(packet(0x30, field("") + block(hex("23 00 01")))), std::nullopt);
}

// Row 14: properties of CONNECT that come twice.
TEST(BatteryCodec, RepeatedConnectProperties) {
  for (const char* once : {"11 00 00 00 01", "21 00 01", "22 00 01", "27 00 00 00 01", "17 01",
                           "19 01", "15 00 01 61"}) {
    EXPECT_EQ(fault(v5_connect(block(hex(once)))), std::nullopt) << once;
    EXPECT_EQ(fault(v5_connect(block(hex(once) + hex(once)))), violation) << once;
  }
}

// Row 15: properties that a will must not have.
TEST(BatteryCodec, WillPropertiesOfTheWrongKind) {
  for (const char* bad : {"21 00 01", "11 00 00 00 01", "23 00 01", "0B 01", "1F 00 01 61", "7F 00",
                          "00", "01 02", "18 00"}) {
    const auto payload = field("c") + block(hex(bad)) + field("w") + field("m");
    const auto error = fault(v5_connect(block(""), payload, 0x06));
    ASSERT_TRUE(error) << bad;
    EXPECT_TRUE(*error == malformed || *error == violation) << bad;
  }
}

// Row 16: a will whose first property is any of these four.
TEST(BatteryCodec, WillPropertiesInAnyOrder) {
  for (const char* first : {"03 00 01 61", "08 00 01 62", "09 00 01 63", "26 00 01 64 00 01 65"}) {
    const auto payload =
        field("c") + block(hex(first) + hex("18 00 00 00 05")) + field("w") + field("m");
    const framed f{v5_connect(block(""), payload, 0x06)};
    const auto p = mqtt::decode_connect(f.frame);
    ASSERT_TRUE(p.has_value()) << first;
    ASSERT_TRUE(p->will);
    EXPECT_EQ(p->will->topic, "w");
    EXPECT_EQ(base::as_text(p->will->payload), "m");
  }
}

// Row 18: tens of thousands of user properties.
TEST(BatteryCodec, ManyUserProperties) {
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += hex("26 00 01 6B 00 01 76");
  const auto good = mqtt::check_properties(base::as_bytes(many), mqtt::property_owner::connect,
                                           mqtt::sender::client);
  EXPECT_TRUE(good.has_value());
  many += hex("26 00 01 6B 00 01");
  const auto bad = mqtt::check_properties(base::as_bytes(many), mqtt::property_owner::connect,
                                          mqtt::sender::client);
  EXPECT_TRUE(bad.has_error());
}

// Row 19: matching does not recurse.
TEST(BatteryCodec, DeepTopicsMatchWithoutRecursion) {
  const std::string deep(65'535, '/');
  std::string pluses = "+";
  while (pluses.size() + 2 <= 65'535) pluses += "/+";
  EXPECT_TRUE(mqtt::topic_matches("#", deep));
  EXPECT_TRUE(mqtt::topic_matches(deep, deep));
  EXPECT_FALSE(mqtt::topic_matches(pluses, deep));
  EXPECT_EQ(mqtt::topic_levels(deep), 65'536U);
}

// Row 25: a property that reaches out of its block.
TEST(BatteryCodec, PropertyBeyondItsBlock) {
  EXPECT_EQ(fault(packet(0x30, field("t") + hex("04 03 00 05 61") + "bcde")), malformed);
  EXPECT_EQ(fault(packet(0x30, field("t") + hex("02 02 00") + hex("00 00 01"))), malformed);
  EXPECT_EQ(fault(packet(0x30, field("t") + hex("0A 26 00 01 6B 00 05 76") + "alue")), malformed);
  EXPECT_EQ(fault(packet(0x30, field("t") + hex("7F 01 01"))), malformed);
}

// Row 26: subscription identifiers.
TEST(BatteryCodec, SubscriptionIdentifiers) {
  const auto with = [](const std::string& properties) {
    return packet(0x82, u16(1) + block(properties) + field("f") + hex("00"));
  };
  EXPECT_EQ(fault(with(hex("0B FF FF FF 7F"))), std::nullopt);
  EXPECT_EQ(fault(with(hex("0B FF FF FF FF 7F"))), malformed);
  EXPECT_EQ(fault(with(hex("0B 00"))), violation);
  EXPECT_EQ(fault(with(hex("0B 01 0B 02"))), violation);
  EXPECT_NE(fault(packet(0x30, field("t") + block(hex("0B 01")))), std::nullopt)
      << "a client's PUBLISH has none";
}

// Row 27: packets of MQTT 5 that are cut anywhere, and empty lists.
TEST(BatteryCodec, CutAnywhere) {
  const std::vector<std::string> good{
      packet(0x32, field("topic") + u16(1) +
                       block(hex("01 01 02 00 00 00 09 03 00 01 61 08 00 01 62 09 00 01 63"))),
      packet(0x82, u16(1) + block(hex("0B 05 26 00 01 6B 00 01 76")) + field("filter") + hex("2E") +
                       field("second") + hex("01")),
      packet(0xA2, u16(1) + block(hex("26 00 01 6B 00 01 76")) + field("filter") + field("b")),
      packet(0x40, u16(1) + hex("10") + block(hex("1F 00 01 61"))),
      packet(0xE0, hex("04") + block(hex("11 00 00 00 05"))),
      packet(0xF0, hex("18") + block(hex("15 00 01 6D 16 00 01 64"))),
      v5_connect(block(hex("11 00 00 00 09 15 00 01 6D 16 00 01 64")),
                 field("c") + block(hex("18 00 00 00 05")) + field("w") + field("m") +
                     field("user") + field("password"),
                 0xC6)};
  for (const auto& bytes : good) {
    EXPECT_EQ(fault(bytes), std::nullopt) << to_hex(bytes);
    for (std::size_t size = 2; size < bytes.size(); ++size) {
      (void)fault(packet(static_cast<unsigned char>(bytes[0]), bytes.substr(2, size - 2)));
    }
  }
  EXPECT_NE(fault(packet(0x82, u16(1) + hex("00"))), std::nullopt);
  EXPECT_NE(fault(packet(0xA2, u16(1) + hex("00"))), std::nullopt);
  EXPECT_NE(fault(packet(0x32, field("t") + u16(1))), std::nullopt);
}

// Row 28: the version decides how the same bytes are read.
TEST(BatteryCodec, VersionDecidesHowBytesAreRead) {
  const framed f{packet(0x30, field("t") + hex("00") + "payload")};
  const auto new_one = mqtt::decode_publish(f.frame, v5);
  const auto old_one = mqtt::decode_publish(f.frame, protocol_version::v311);
  ASSERT_TRUE(new_one.has_value());
  ASSERT_TRUE(old_one.has_value());
  EXPECT_EQ(base::as_text(new_one->payload), "payload");
  EXPECT_EQ(base::as_text(old_one->payload), hex("00") + "payload");
}

// Row 29: Request Response Information is 0 or 1, once.
TEST(BatteryCodec, RequestResponseInformation) {
  EXPECT_EQ(fault(v5_connect(block(hex("19 00")))), std::nullopt);
  EXPECT_EQ(fault(v5_connect(block(hex("19 01")))), std::nullopt);
  EXPECT_EQ(fault(v5_connect(block(hex("19 02")))), violation);
  EXPECT_EQ(fault(v5_connect(block(hex("19 01 19 01")))), violation);
}

// Row 32: packet id 0.
TEST(BatteryCodec, PacketIdZero) {
  for (const auto v : {protocol_version::v31, protocol_version::v311, v5}) {
    const std::string none = v == v5 ? hex("00") : "";
    for (const auto& bytes : {packet(0x32, field("t") + u16(0) + none),
                              packet(0x82, u16(0) + none + field("f") + hex("00")),
                              packet(0xA2, u16(0) + none + field("f"))}) {
      EXPECT_NE(fault(bytes, v), std::nullopt) << to_hex(bytes);
    }
  }
}

// Row 38: answers of a server that lack their codes.
TEST(BatteryCodec, SubackWithoutCodes) {
  for (const auto v : {protocol_version::v31, protocol_version::v311, v5}) {
    const std::string none = v == v5 ? hex("00") : "";
    EXPECT_NE(fault(packet(0x90, u16(1) + none), v, mqtt::sender::server), std::nullopt);
    EXPECT_NE(fault(packet(0x90, ""), v, mqtt::sender::server), std::nullopt);
    EXPECT_NE(fault(packet(0x20, hex("00")), v, mqtt::sender::server), std::nullopt);
  }
  EXPECT_NE(fault(packet(0xB0, u16(1) + hex("00")), v5, mqtt::sender::server), std::nullopt);
}

// Row 57: names of shared groups.
TEST(BatteryCodec, NamesOfSharedGroups) {
  for (const char* bad : {"$share/ab", "$share/", "$share//t", "$share/a+/t", "$share/#/t",
                          "$share/+/t", "$share/g/", "$share/g/a#", "$share/g/#/a"}) {
    EXPECT_TRUE(mqtt::parse_topic_filter(bad).has_error()) << bad;
  }
  const auto good = mqtt::parse_topic_filter("$share/g//");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->group, "g");
  EXPECT_EQ(good->filter, "/");
}

}  // namespace
}  // namespace godwit::conformance
