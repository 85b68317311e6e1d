#include "decoding.hpp"

namespace godwit::mqtt {
namespace {

using enum protocol_version;

constexpr frame_source from_server = frame_source::server;

TEST(Acks, CarryTheirPacketId) {
  clause("v311 MQTT-2.3.1-6");
  clause("v5 MQTT-2.2.1-5");
  for (const protocol_version v : all_versions) {
    for (const auto& [digits, type] : {std::pair{"40 02 01 00", packet_type::puback},
                                       {"50 02 01 00", packet_type::pubrec},
                                       {"62 02 01 00", packet_type::pubrel},
                                       {"70 02 01 00", packet_type::pubcomp}}) {
      const auto ack = decoded<ack_view>(hex(digits), v);
      EXPECT_EQ(ack.type, type);
      EXPECT_EQ(ack.id.value(), 0x0100);
      EXPECT_EQ(ack.code, reason_code::success);
      EXPECT_TRUE(ack.properties.empty());
    }
  }
}

TEST(Acks, AreTwoBytesLongInMqtt3) {
  for (const protocol_version v : {v31, v311}) {
    for (const char* packet : {"40 00", "40 01 00", "40 03 00 01 00", "50 04 00 01 00 00",
                               "62 03 00 01 00", "70 03 00 01 00"}) {
      EXPECT_EQ(refusal(hex(packet), v), reason_code::malformed_packet) << packet;
    }
  }
}

TEST(Acks, PacketIdIsNot0) {
  clause("v31 M31-mid-1");
  for (const protocol_version v : all_versions) {
    for (const char* packet : {"40 02 00 00", "50 02 00 00", "62 02 00 00", "70 02 00 00"}) {
      EXPECT_EQ(refusal(hex(packet), v), reason_code::protocol_error) << packet;
    }
  }
}

TEST(Acks, MayBeRepeatedInMqtt31) {
  clause("v31 M31-flags-4");
  for (const char* packet : {"62 02 00 01", "6A 02 00 01", "60 02 00 01"}) {
    EXPECT_EQ(decoded<ack_view>(hex(packet), v31).type, packet_type::pubrel);
  }
}

TEST(Acks, HaveShortFormsInMqtt5) {
  EXPECT_EQ(decoded<ack_view>(hex("40 03 00 01 10"), v5).code,
            reason_code::no_matching_subscribers);
  const base::bytes with_length = hex("50 04 00 01 97 00");
  EXPECT_EQ(decoded<ack_view>(with_length, v5).code, reason_code::quota_exceeded);
  const base::bytes whole = hex("62 08 00 01 92 04 1F 00 01 78");
  const auto ack = decoded<ack_view>(whole, v5);
  EXPECT_EQ(ack.code, reason_code::packet_identifier_not_found);
  EXPECT_EQ(ack.properties.reason_string(), "x");
  EXPECT_EQ(refusal(hex("40 05 00 01 00 00 00"), v5), reason_code::malformed_packet) << "leftover";
  EXPECT_EQ(refusal(hex("40 04 00 01 00 05"), v5), reason_code::malformed_packet) << "cut";
}

/// Every code value in an ack of one type.
void expect_codes(unsigned first_byte, std::initializer_list<unsigned> allowed) {
  for (unsigned code = 0; code < 256; ++code) {
    const bool good = std::find(allowed.begin(), allowed.end(), code) != allowed.end();
    const auto packet = raw_packet{}.u16(1).u8(code).packet(first_byte);
    const auto answer = refusal(packet, v5);
    EXPECT_EQ(answer.has_value(), !good) << code;
    if (answer && !is_known(static_cast<std::uint8_t>(code))) {
      EXPECT_EQ(answer, reason_code::malformed_packet);
    }
  }
}

TEST(Acks, CarryTheirOwnReasonCodesOnly) {
  clause("v5 MQTT-3.4.2-1");
  clause("v5 MQTT-3.5.2-1");
  expect_codes(0x40, {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
  expect_codes(0x50, {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
}

TEST(Acks, OfTheSecondStepCarryTheirOwnReasonCodesOnly) {
  clause("v5 MQTT-3.6.2-1");
  clause("v5 MQTT-3.7.2-1");
  expect_codes(0x62, {0x00, 0x92});
  expect_codes(0x70, {0x00, 0x92});
}

TEST(Connack, IsReadInEveryVersion) {
  const auto old = decoded<connack_view>(hex("20 02 FF 05"), v31, from_server);
  EXPECT_FALSE(old.session_present) << "the byte is reserved in 3.1";
  EXPECT_EQ(old.code, 5);
  EXPECT_TRUE(decoded<connack_view>(hex("20 02 01 00"), v311, from_server).session_present);
  const base::bytes packet = hex("20 06 01 00 03 21 00 0A");
  const auto c = decoded<connack_view>(packet, v5, from_server);
  EXPECT_TRUE(c.session_present);
  EXPECT_EQ(c.properties.receive_maximum(), 10);
}

TEST(Connack, RefusesWhatNoServerMaySend) {
  clause("v311 MQTT-3.2.2-4");
  clause("v5 MQTT-3.2.2-6");
  clause("v5 MQTT-3.2.2-1");
  EXPECT_EQ(refusal(hex("20 02 01 02"), v311, from_server), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("20 03 01 87 00"), v5, from_server), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("20 03 02 00 00"), v5, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 02 02 00"), v311, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 02 00 06"), v311, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 02 00 06"), v31, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 03 00 00 00"), v311, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 01 00"), v311, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("20 02 00 00"), v5, from_server), reason_code::malformed_packet);
}

TEST(Connack, CarriesConnectReasonCodesOnly) {
  clause("v5 MQTT-3.2.2-8");
  const std::initializer_list<unsigned> allowed = {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
                                                   0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97,
                                                   0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F};
  for (unsigned code = 0; code < 256; ++code) {
    const bool good = std::find(allowed.begin(), allowed.end(), code) != allowed.end();
    const auto packet = raw_packet{}.u8(0).u8(code).u8(0).packet(0x20);
    EXPECT_EQ(refusal(packet, v5, from_server).has_value(), !good) << code;
  }
}

// Battery 38.
TEST(Suback, HasAtLeastOneCode) {
  for (const protocol_version v : {v31, v311}) {
    EXPECT_EQ(refusal(hex("90 02 00 01"), v, from_server), reason_code::malformed_packet);
    EXPECT_EQ(refusal(hex("90 01 00"), v, from_server), reason_code::malformed_packet);
    EXPECT_EQ(refusal(hex("90 00"), v, from_server), reason_code::malformed_packet);
    EXPECT_EQ(decoded<suback_view>(hex("90 05 00 01 02 00 01"), v, from_server).codes.size(), 3U);
  }
  EXPECT_EQ(refusal(hex("90 03 00 01 00"), v5, from_server), reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("B0 03 00 01 00"), v5, from_server), reason_code::malformed_packet);
}

TEST(Suback, CarriesTheCodesOfItsVersion) {
  clause("v31 M31-sub-2");
  clause("v311 MQTT-3.9.3-2");
  clause("v5 MQTT-3.9.3-2");
  const std::initializer_list<unsigned> v5_codes = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87,
                                                    0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2};
  for (unsigned code = 0; code < 256; ++code) {
    const auto v3_packet = raw_packet{}.u16(1).u8(code).packet(0x90);
    EXPECT_EQ(refusal(v3_packet, v31, from_server).has_value(), code > 2) << code;
    EXPECT_EQ(refusal(v3_packet, v311, from_server).has_value(), code > 2 && code != 0x80);
    const bool good = std::find(v5_codes.begin(), v5_codes.end(), code) != v5_codes.end();
    const auto v5_packet = raw_packet{}.u16(1).u8(0).u8(code).packet(0x90);
    EXPECT_EQ(refusal(v5_packet, v5, from_server).has_value(), !good) << code;
  }
}

TEST(Unsuback, CarriesCodesInMqtt5Only) {
  clause("v5 MQTT-3.11.3-2");
  for (const protocol_version v : {v31, v311}) {
    const auto u = decoded<suback_view>(hex("B0 02 00 01"), v, from_server);
    EXPECT_EQ(u.type, packet_type::unsuback);
    EXPECT_TRUE(u.codes.empty());
    EXPECT_EQ(refusal(hex("B0 03 00 01 00"), v, from_server), reason_code::malformed_packet);
  }
  const std::initializer_list<unsigned> allowed = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91};
  for (unsigned code = 0; code < 256; ++code) {
    const bool good = std::find(allowed.begin(), allowed.end(), code) != allowed.end();
    const auto packet = raw_packet{}.u16(1).u8(0).u8(code).packet(0xB0);
    EXPECT_EQ(refusal(packet, v5, from_server).has_value(), !good) << code;
  }
}

TEST(Ping, IsEmpty) {
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refusal(hex("C0 00"), v), std::nullopt);
    EXPECT_EQ(refusal(hex("C0 01 00"), v), reason_code::malformed_packet);
    EXPECT_EQ(refusal(hex("D0 00"), v, from_server), std::nullopt);
    EXPECT_EQ(refusal(hex("D0 01 00"), v, from_server), reason_code::malformed_packet);
  }
}

TEST(Disconnect, IsEmptyInMqtt3) {
  for (const protocol_version v : {v31, v311}) {
    EXPECT_EQ(decoded<disconnect_view>(hex("E0 00"), v).code, reason_code::success);
    EXPECT_EQ(refusal(hex("E0 01 00"), v), reason_code::malformed_packet);
    EXPECT_EQ(refusal(hex("E0 02 00 00"), v), reason_code::malformed_packet);
  }
}

TEST(Disconnect, HasShortFormsInMqtt5) {
  EXPECT_EQ(decoded<disconnect_view>(hex("E0 00"), v5).code, reason_code::success);
  EXPECT_EQ(decoded<disconnect_view>(hex("E0 01 04"), v5).code, reason_code::disconnect_with_will);
  const base::bytes packet = hex("E0 07 00 05 11 00 00 00 09");
  EXPECT_EQ(decoded<disconnect_view>(packet, v5).properties.session_expiry_interval(), 9U);
  EXPECT_EQ(refusal(packet, v5, from_server), reason_code::protocol_error) << "client only";
  EXPECT_EQ(refusal(hex("E0 03 00 00 00"), v5), reason_code::malformed_packet) << "leftover";
  const base::bytes reference = hex("E0 06 9C 04 1C 00 01 78");
  EXPECT_EQ(decoded<disconnect_view>(reference, v5, from_server).properties.server_reference(),
            "x");
  EXPECT_EQ(refusal(hex("E0 06 00 04 1C 00 01 78"), v5), reason_code::protocol_error);
}

TEST(Disconnect, CarriesTheCodesOfItsSender) {
  clause("v5 MQTT-3.14.2-1");
  const std::initializer_list<unsigned> client_codes = {
      0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x8C, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99};
  const std::initializer_list<unsigned> server_codes = {
      0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94,
      0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2};
  const auto has = [](auto& codes, unsigned code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  };
  for (unsigned code = 0; code < 256; ++code) {
    const auto packet = raw_packet{}.u8(code).packet(0xE0);
    EXPECT_EQ(!refusal(packet, v5), has(client_codes, code)) << code;
    EXPECT_EQ(!refusal(packet, v5, from_server), has(server_codes, code)) << code;
  }
}

/// AUTH with a code and the method "m".
base::bytes auth(unsigned code) {
  return raw_packet{}.u8(code).u8(4).u8(0x15).text("m").packet(0xF0);
}

TEST(Auth, CarriesTheCodesOfItsSender) {
  clause("v5 MQTT-3.15.2-1");
  for (unsigned code = 0; code < 256; ++code) {
    EXPECT_EQ(!refusal(auth(code), v5), code == 0x18 || code == 0x19) << code;
    EXPECT_EQ(!refusal(auth(code), v5, from_server), code == 0x00 || code == 0x18) << code;
  }
}

TEST(Auth, NamesItsMethod) {
  const base::bytes good = auth(0x18);
  EXPECT_EQ(decoded<auth_view>(good, v5).properties.authentication_method(), "m");
  EXPECT_EQ(refusal(hex("F0 02 18 00"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("F0 05 18 03 16 00 00"), v5), reason_code::protocol_error) << "data only";
  EXPECT_EQ(refusal(hex("F0 01 18"), v5), reason_code::malformed_packet) << "no property length";
  EXPECT_EQ(refusal(hex("F0 00"), v5), reason_code::protocol_error) << "success, from a client";
  EXPECT_EQ(refusal(hex("F0 00"), v5, from_server), std::nullopt);
  EXPECT_EQ(refusal(hex("F0 07 18 04 15 00 01 6D 00"), v5), reason_code::malformed_packet);
}

}  // namespace
}  // namespace godwit::mqtt
