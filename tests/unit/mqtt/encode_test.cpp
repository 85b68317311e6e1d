#include "decoding.hpp"

#include <godwit/mqtt/encode.hpp>

namespace godwit::mqtt {
namespace {

using enum protocol_version;

template <class View>
base::bytes encoded(const View& p, protocol_version v) {
  base::bytes out;
  encode(packet_view{p}, v, out);
  return out;
}

publish_view some_publish(qos quality) {
  publish_view p;
  p.topic = "a/b";
  p.payload = base::as_bytes("hi");
  p.quality = quality;
  if (quality != qos::at_most_once) p.id = packet_id{0x0102};
  return p;
}

TEST(Encode, WritesPublish) {
  EXPECT_EQ(encoded(some_publish(qos::at_most_once), v311), hex("30 07 00 03 61 2F 62 68 69"));
  EXPECT_EQ(encoded(some_publish(qos::at_least_once), v31),
            hex("32 09 00 03 61 2F 62 01 02 68 69"));
  publish_view p = some_publish(qos::exactly_once);
  p.dup = true;
  p.retain = true;
  EXPECT_EQ(encoded(p, v5), hex("3D 0A 00 03 61 2F 62 01 02 00 68 69"));
}

TEST(Encode, AppendsToWhatIsThere) {
  base::bytes out = hex("AA BB");
  encode(pingresp_view{}, out);
  encode(some_publish(qos::at_most_once), v311, out);
  EXPECT_EQ(out, hex("AA BB D0 00 30 07 00 03 61 2F 62 68 69"));
}

TEST(Encode, QosZeroHasNoPacketId) {
  clause("v311 MQTT-2.3.1-5");
  clause("v5 MQTT-2.2.1-2");
  for (const protocol_version v : {v31, v311}) {
    EXPECT_EQ(encoded(some_publish(qos::at_most_once), v).size(), 9U);
  }
  EXPECT_EQ(encoded(some_publish(qos::at_most_once), v5), hex("30 08 00 03 61 2F 62 00 68 69"));
}

TEST(Encode, SetsReservedFlagsAsPrescribed) {
  clause("v311 MQTT-2.2.2-1");
  clause("v31 M31-flags-5");
  const auto first = [](const base::bytes& packet) { return std::to_integer<int>(packet.at(0)); };
  const packet_id id{1};
  const auto codes = hex("00");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(first(encoded(connack_view{}, v)), 0x20);
    EXPECT_EQ(first(encoded(ack_view{packet_type::puback, id, {}, {}}, v)), 0x40);
    EXPECT_EQ(first(encoded(ack_view{packet_type::pubrec, id, {}, {}}, v)), 0x50);
    EXPECT_EQ(first(encoded(ack_view{packet_type::pubrel, id, {}, {}}, v)), 0x62);
    EXPECT_EQ(first(encoded(ack_view{packet_type::pubcomp, id, {}, {}}, v)), 0x70);
    EXPECT_EQ(first(encoded(suback_view{packet_type::suback, id, codes, {}}, v)), 0x90);
    EXPECT_EQ(first(encoded(suback_view{packet_type::unsuback, id, codes, {}}, v)), 0xB0);
    EXPECT_EQ(first(encoded(pingresp_view{}, v)), 0xD0);
    EXPECT_EQ(first(encoded(disconnect_view{}, v)), 0xE0);
  }
}

TEST(Encode, Mqtt31HasNoSessionPresent) {
  clause("v31 M31-connack-1");
  connack_view p;
  p.session_present = true;
  EXPECT_EQ(encoded(p, v31), hex("20 02 00 00"));
  EXPECT_EQ(encoded(p, v311), hex("20 02 01 00"));
  EXPECT_EQ(encoded(p, v5), hex("20 03 01 00 00"));
}

TEST(Encode, WritesEmptyPropertiesAsAZeroByte) {
  clause("v5 MQTT-2.2.2-1");
  const auto codes = hex("01");
  const suback_view suback{packet_type::suback, packet_id{7}, codes, {}};
  EXPECT_EQ(encoded(suback, v5), hex("90 04 00 07 00 01"));
  EXPECT_EQ(encoded(suback, v311), hex("90 03 00 07 01"));
  const suback_view unsuback{packet_type::unsuback, packet_id{7}, codes, {}};
  EXPECT_EQ(encoded(unsuback, v5), hex("B0 04 00 07 00 01"));
}

TEST(Encode, UnsubackHasNoCodesInMqtt3) {
  clause("v311 MQTT-3.10.4-4");
  clause("v31 M31-unsub-1");
  const auto codes = hex("00 11");
  const suback_view p{packet_type::unsuback, packet_id{7}, codes, {}};
  EXPECT_EQ(encoded(p, v31), hex("B0 02 00 07"));
  EXPECT_EQ(encoded(p, v311), hex("B0 02 00 07"));
}

TEST(Encode, AcksRepeatTheirIdAndAreAsShortAsCanBe) {
  clause("v311 MQTT-2.3.1-6");
  clause("v5 MQTT-2.2.1-5");
  ack_view p{packet_type::puback, packet_id{0x0100}, reason_code::success, {}};
  for (const protocol_version v : all_versions) EXPECT_EQ(encoded(p, v), hex("40 02 01 00"));
  p.code = reason_code::not_authorized;
  EXPECT_EQ(encoded(p, v311), hex("40 02 01 00"));
  EXPECT_EQ(encoded(p, v5), hex("40 03 01 00 87"));
  base::bytes block;
  properties_builder{block}.add(property_id::reason_string, "no");
  p.properties = properties_view{block};
  EXPECT_EQ(encoded(p, v5), hex("40 09 01 00 87 05 1F 00 02 6E 6F"));
}

TEST(Encode, DisconnectIsAsShortAsCanBe) {
  EXPECT_EQ(encoded(disconnect_view{}, v5), hex("E0 00"));
  EXPECT_EQ(encoded(disconnect_view{reason_code::session_taken_over, {}}, v5), hex("E0 01 8E"));
  EXPECT_EQ(encoded(disconnect_view{reason_code::session_taken_over, {}}, v311), hex("E0 00"));
}

TEST(Encode, PropertiesAreForMqtt5Only) {
  clause("v31 M31-mix-1");
  base::bytes block;
  properties_builder{block}.add(property_id::content_type, "x").add_user_property("k", "v");
  publish_view p = some_publish(qos::at_most_once);
  p.properties = properties_view{block};
  EXPECT_EQ(encoded(p, v31), hex("30 07 00 03 61 2F 62 68 69"));
  EXPECT_EQ(encoded(p, v311), hex("30 07 00 03 61 2F 62 68 69"));
  EXPECT_EQ(encoded(p, v5).size(), 9U + 1 + block.size());
}

TEST(Encode, WritesLengthsInTheirShortestForm) {
  clause("v5 MQTT-1.5.5-1");
  for (const auto& [length, digits] : {std::pair{127U, "7F"},
                                       {128U, "80 01"},
                                       {16'383U, "FF 7F"},
                                       {16'384U, "80 80 01"},
                                       {2'097'151U, "FF FF 7F"},
                                       {2'097'152U, "80 80 80 01"}}) {
    const base::bytes payload(length - 3);
    publish_view p;
    p.topic = "t";
    p.payload = payload;
    base::bytes out;
    encode(p, v311, out);
    const base::bytes expected = hex(digits);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), out.begin() + 1)) << length;
    EXPECT_EQ(out.size(), 1 + expected.size() + length);
    EXPECT_EQ(encoded_size(p, v311), out.size());
  }
}

TEST(Encode, PublishHeadIsThePacketWithoutItsPayload) {
  for (const protocol_version v : all_versions) {
    for (const qos quality : {qos::at_most_once, qos::at_least_once, qos::exactly_once}) {
      const publish_view p = some_publish(quality);
      base::bytes head = hex("AA BB CC");
      const std::size_t id_at = encode_publish_head(p, v, head);
      if (quality == qos::at_most_once) {
        EXPECT_EQ(id_at, 0U);
      } else {
        EXPECT_EQ(base::bytes(head.begin() + static_cast<std::ptrdiff_t>(id_at),
                              head.begin() + static_cast<std::ptrdiff_t>(id_at) + 2),
                  hex("01 02"));
      }
      head.insert(head.end(), p.payload.begin(), p.payload.end());
      head.erase(head.begin(), head.begin() + 3);
      EXPECT_EQ(head, encoded(p, v));
      EXPECT_EQ(encoded_size(p, v), head.size());
    }
  }
}

// The figures of a whole exchange depend on these bytes.
TEST(Encode, WritesConnect) {
  connect_view p;
  p.version = v31;
  p.client_id = "abcd";
  p.keep_alive_s = 60;
  EXPECT_EQ(encoded(p, v31), hex("10 12 00 06 4D 51 49 73 64 70 03 02 00 3C 00 04 61 62 63 64"));
  p.version = v311;
  EXPECT_EQ(encoded(p, v311), hex("10 10 00 04 4D 51 54 54 04 02 00 3C 00 04 61 62 63 64"));
}

TEST(EncodeDeathTest, AssertsOnPacketsOfOurOwnThatAreWrong) {
  base::bytes out;
  publish_view p = some_publish(qos::at_least_once);
  p.id = packet_id{0};
  EXPECT_DEATH(encode(p, v311, out), "assertion failed");
  EXPECT_DEATH(encode(ack_view{}, v311, out), "assertion failed");
  EXPECT_DEATH(properties_builder{out}.add(property_id::receive_maximum, 0), "assertion failed");
  EXPECT_DEATH(properties_builder{out}.add(property_id::receive_maximum, "x"), "assertion failed");
}

}  // namespace
}  // namespace godwit::mqtt
