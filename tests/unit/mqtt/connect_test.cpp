#include "decoding.hpp"

namespace godwit::mqtt {
namespace {

using enum protocol_version;
using namespace std::string_literals;
using namespace std::string_view_literals;

/// The parts of a CONNECT, right until a test spoils one.
struct connect_parts {
  std::string_view name = "MQTT";
  unsigned level = 4;
  unsigned flags = 0x02;
  unsigned header = 0x10;
  std::string_view rest = "\0\x02id"sv;  ///< Everything behind keep alive.

  static connect_parts of(protocol_version v) {
    connect_parts p;
    p.level = static_cast<unsigned>(v);
    if (v == v31) p.name = "MQIsdp";
    if (v == v5) p.rest = "\0\0\x02id"sv;
    return p;
  }
  [[nodiscard]] base::bytes packet() const {
    return raw_packet{}.text(name).u8(level).u8(flags).u16(60).raw(rest).packet(header);
  }
};

std::optional<reason_code> refusal(const connect_parts& parts) {
  return refusal(parts.packet(), v311, frame_source::client_before_connect);
}
std::string refused_by(const connect_parts& parts) {
  return refused_by(parts.packet(), v311, frame_source::client_before_connect);
}
std::optional<protocol_version> named_version(const connect_parts& parts) {
  const base::bytes packet = parts.packet();
  const auto f = next_frame(packet, v311, frame_source::client_before_connect, no_limit);
  return connect_version(f.value().value());
}

connect_parts with_flags(protocol_version v, unsigned flags, std::string_view rest) {
  connect_parts p = connect_parts::of(v);
  p.flags = flags;
  p.rest = rest;
  return p;
}

/// Client id "id", then `more`; in MQTT 5 with empty properties in front.
connect_parts with_payload(protocol_version v, unsigned flags, std::string_view more) {
  static std::string keep;
  keep = (v == v5 ? "\0\0\x02id"s : "\0\x02id"s) + std::string{more};
  return with_flags(v, flags, keep);
}

TEST(Connect, NameAndLevelDecideTheVersionTogether) {
  clause("v31 M31-proto-1");
  for (const protocol_version v : all_versions) {
    const base::bytes packet = connect_parts::of(v).packet();
    const auto connect = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
    EXPECT_EQ(connect.version, v);
    EXPECT_EQ(connect.client_id, "id");
    EXPECT_TRUE(connect.clean_start);
    EXPECT_EQ(connect.keep_alive_s, 60);
    EXPECT_FALSE(connect.will || connect.user_name || connect.password);
    EXPECT_EQ(named_version(connect_parts::of(v)), v);
  }
}

TEST(Connect, KnownNameWithAnotherLevelIsAnUnsupportedVersion) {
  clause("v311 MQTT-3.1.2-2");
  clause("v5 MQTT-3.1.2-2");
  clause("v31 M31-proto-2");
  connect_parts p;
  for (const unsigned level : {0U, 1U, 2U, 3U, 6U, 0x7FU, 0x83U, 0x84U, 0xFFU}) {
    p.name = "MQTT";
    p.level = level;
    EXPECT_EQ(refusal(p), reason_code::unsupported_protocol_version) << level;
    EXPECT_EQ(named_version(p), v311);
  }
  for (const unsigned level : {0U, 2U, 4U, 5U, 0x83U, 0xFFU}) {
    p.name = "MQIsdp";
    p.level = level;
    EXPECT_EQ(refusal(p), reason_code::unsupported_protocol_version) << level;
    EXPECT_EQ(named_version(p), v31);
  }
}

TEST(Connect, UnknownNameHasNoVersion) {
  clause("v311 MQTT-3.1.2-1");
  clause("v5 MQTT-3.1.2-1");
  clause("v31 M31-proto-2");
  for (const std::string_view name :
       {"MQTX"sv, "mqtt"sv, "MQTT "sv, ""sv, "MQIsdq"sv, "MQISDP"sv, "MQTT\0"sv, "MQIsd"sv}) {
    connect_parts p;
    p.name = name;
    EXPECT_EQ(refusal(p), reason_code::malformed_packet) << name;
    EXPECT_EQ(named_version(p), std::nullopt);
  }
}

TEST(Connect, HeaderFlagsAreUnusedInMqtt31Only) {
  clause("v31 M31-flags-1");
  clause("v311 MQTT-2.2.2-2");
  clause("v5 MQTT-2.1.3-1");
  for (unsigned flags = 1; flags < 16; ++flags) {
    for (const protocol_version v : all_versions) {
      connect_parts p = connect_parts::of(v);
      p.header = 0x10 | flags;
      const auto expected = v == v31 ? std::nullopt : std::optional{reason_code::malformed_packet};
      EXPECT_EQ(refusal(p), expected) << flags;
    }
  }
}

TEST(Connect, FlagBit0IsUnusedInMqtt31Only) {
  clause("v31 M31-flags-6");
  clause("v311 MQTT-3.1.2-3");
  clause("v5 MQTT-3.1.2-3");
  for (const protocol_version v : all_versions) {
    connect_parts p = connect_parts::of(v);
    p.flags = 0x03;
    EXPECT_EQ(refusal(p).has_value(), v != v31);
  }
  EXPECT_EQ(refused_by(with_payload(v311, 0x03, "")), "v311 MQTT-3.1.2-3");
  EXPECT_EQ(refused_by(with_payload(v5, 0x03, "")), "v5 MQTT-3.1.2-3");
}

TEST(Connect, ReadsEveryFieldInOrder) {
  clause("v311 MQTT-3.1.3-1");
  clause("v5 MQTT-3.1.3-1");
  clause("v31 M31-will-3");
  for (const protocol_version v : all_versions) {
    const std::string will_properties(v == v5 ? 1 : 0, '\0');
    const std::string more =
        will_properties + "\0\x03w/t\0\x04\xFF\0\xFE\0"s + "\0\x04user"s + "\0\x05\0pass"s;
    const base::bytes packet = with_payload(v, 0xF6, more).packet();  // will QoS 2, retained
    const auto c = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
    ASSERT_TRUE(c.will && c.user_name && c.password);
    EXPECT_EQ(c.client_id, "id");
    EXPECT_EQ(c.will->topic, "w/t");
    EXPECT_EQ(base::as_text(c.will->payload), "\xFF\0\xFE\0"sv);
    EXPECT_EQ(c.will->quality, qos::exactly_once);
    EXPECT_TRUE(c.will->retain);
    EXPECT_EQ(*c.user_name, "user");
    EXPECT_EQ(base::as_text(*c.password), "\0pass"sv);
  }
}

TEST(Connect, ReadsTheProperties) {
  const auto rest = "\x05\x11\0\0\0\x0A\0\x01x\x05\x18\0\0\0\x07\0\x01w\0\0"sv;
  const base::bytes packet = with_flags(v5, 0x06, rest).packet();
  const auto c = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
  EXPECT_EQ(c.properties.session_expiry_interval(), 10U);
  ASSERT_TRUE(c.will.has_value());
  EXPECT_EQ(c.will->properties.will_delay_interval(), 7U);
}

TEST(Connect, ClientIdentifierMustBeThere) {
  clause("v311 MQTT-3.1.3-3");
  clause("v5 MQTT-3.1.3-3");
  clause("v31 M31-proto-5");
  EXPECT_EQ(refused_by(with_flags(v31, 2, ""sv)), "v31 M31-proto-5");
  EXPECT_EQ(refused_by(with_flags(v311, 2, ""sv)), "v311 MQTT-3.1.3-3");
  EXPECT_EQ(refused_by(with_flags(v5, 2, "\0"sv)), "v5 MQTT-3.1.3-3");
  EXPECT_EQ(refused_by(with_flags(v311, 2, "\0\x03id"sv)), "v311 MQTT-3.1.3-3") << "cut";
  EXPECT_EQ(refusal(with_flags(v311, 2, "\0\0"sv)), std::nullopt) << "empty is the session's";
}

TEST(Connect, TextsMustBeUtf8) {
  clause("v311 MQTT-3.1.3-4");
  clause("v311 MQTT-3.1.3-10");
  clause("v311 MQTT-3.1.3-11");
  for (const std::string_view bad : {"\xFF\xFE"sv, "\xC0\x80"sv, "\xC3\x28"sv, "a\0"sv}) {
    const std::string text = "\0\x02"s + std::string{bad};
    EXPECT_EQ(refusal(with_flags(v311, 0x02, text)), reason_code::malformed_packet);
    EXPECT_EQ(refusal(with_payload(v311, 0x06, text + "\0\0"s)), reason_code::malformed_packet);
    EXPECT_EQ(refusal(with_payload(v311, 0x82, text)), reason_code::malformed_packet);
    EXPECT_EQ(refusal(with_payload(v311, 0xC2, "\0\x01u"s + text)), std::nullopt) << "password";
    EXPECT_EQ(refusal(with_payload(v311, 0x06, "\0\x01t"s + text)), std::nullopt) << "payload";
  }
}

TEST(Connect, TextsMustBeUtf8InMqtt5) {
  clause("v5 MQTT-3.1.3-4");
  clause("v5 MQTT-3.1.3-11");
  clause("v5 MQTT-3.1.3-12");
  const std::string text = "\0\x02\xED\xA0"s;
  EXPECT_EQ(refusal(with_flags(v5, 0x02, "\0"s + text)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_payload(v5, 0x06, "\0"s + text + "\0\0"s)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_payload(v5, 0x82, text)), reason_code::malformed_packet);
}

TEST(Connect, SurrogatePairsAreAcceptedInMqtt31Only) {
  clause("v31 M31-utf8-1");
  const std::string id = "\0\x06\xED\xA0\xBD\xED\xB8\x80"s;
  EXPECT_EQ(refusal(with_flags(v31, 0x02, id)), std::nullopt);
  EXPECT_EQ(refusal(with_flags(v311, 0x02, id)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_flags(v31, 0x02, "\0\x03\xED\xA0\xBD"sv)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_flags(v31, 0x02, "\0\x02\xC0\x80"sv)), reason_code::malformed_packet);
}

TEST(Connect, AnnouncedWillMustBeWhole) {
  clause("v311 MQTT-3.1.2-9");
  clause("v5 MQTT-3.1.2-9");
  clause("v31 M31-will-3");
  for (const protocol_version v : all_versions) {
    const std::string will = (v == v5 ? "\0"s : ""s) + "\0\x01t\0\x02hi"s;
    for (std::size_t size = 0; size < will.size(); ++size) {
      EXPECT_EQ(refusal(with_payload(v, 0x06, will.substr(0, size))),
                reason_code::malformed_packet);
    }
    EXPECT_EQ(refusal(with_payload(v, 0x06, will)), std::nullopt);
  }
}

TEST(Connect, WillDetailsNeedAWill) {
  clause("v311 MQTT-3.1.2-11");
  clause("v311 MQTT-3.1.2-13");
  clause("v311 MQTT-3.1.2-15");
  for (const unsigned bits : {0x08U, 0x10U, 0x18U, 0x20U, 0x38U}) {
    EXPECT_EQ(refusal(with_payload(v311, 0x02 | bits, "")), reason_code::malformed_packet) << bits;
  }
}

TEST(Connect, WillDetailsNeedAWillInMqtt5) {
  clause("v5 MQTT-3.1.2-11");
  clause("v5 MQTT-3.1.2-13");
  for (const unsigned bits : {0x08U, 0x10U, 0x18U, 0x20U, 0x38U}) {
    EXPECT_EQ(refusal(with_payload(v5, 0x02 | bits, "")), reason_code::malformed_packet) << bits;
  }
}

TEST(Connect, WillDetailsWithoutAWillAreDisregardedInMqtt31) {
  clause("v31 M31-will-4");
  for (const unsigned bits : {0x08U, 0x10U, 0x18U, 0x20U, 0x38U}) {
    const base::bytes packet = with_payload(v31, 0x02 | bits, "").packet();
    const auto c = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
    EXPECT_FALSE(c.will.has_value());
  }
}

TEST(Connect, WillQosIsNever3) {
  clause("v31 M31-will-5");
  clause("v311 MQTT-3.1.2-14");
  clause("v5 MQTT-3.1.2-12");
  for (const protocol_version v : all_versions) {
    const std::string will = (v == v5 ? "\0"s : ""s) + "\0\x01t\0\0"s;
    EXPECT_EQ(refusal(with_payload(v, 0x1E, will)), reason_code::malformed_packet);
    EXPECT_EQ(refusal(with_payload(v, 0x16, will)), std::nullopt);
  }
}

TEST(Connect, WillTopicIsATopicName) {
  clause("v31 M31-pub-1");
  clause("v311 MQTT-4.7.1-1");
  clause("v5 MQTT-4.7.0-1");
  for (const protocol_version v : all_versions) {
    const std::string properties = v == v5 ? "\0"s : ""s;
    for (const std::string& topic : {"\0\0"s, "\0\x01#"s, "\0\x03"s + "a/+"s}) {
      EXPECT_EQ(refusal(with_payload(v, 0x06, properties + topic + "\0\0"s)),
                reason_code::topic_name_invalid);
    }
  }
}

TEST(Connect, UserNameMustBeThereExactlyWhenAnnounced) {
  clause("v311 MQTT-3.1.2-18");
  clause("v311 MQTT-3.1.2-19");
  EXPECT_EQ(refusal(with_payload(v311, 0x82, "\0\0"sv)), std::nullopt) << "empty is a user name";
  EXPECT_EQ(refused_by(with_payload(v311, 0x82, "")), "v311 MQTT-3.1.2-19");
  EXPECT_EQ(refused_by(with_payload(v311, 0x82, "\0\x02u"sv)), "v311 MQTT-3.1.2-19");
  EXPECT_EQ(refusal(with_payload(v311, 0x02, "\0\x01u"sv)), reason_code::malformed_packet);
}

TEST(Connect, PasswordMustBeThereExactlyWhenAnnounced) {
  clause("v311 MQTT-3.1.2-20");
  clause("v311 MQTT-3.1.2-21");
  EXPECT_EQ(refused_by(with_payload(v311, 0xC2, "\0\x01u"sv)), "v311 MQTT-3.1.2-21");
  EXPECT_EQ(refused_by(with_payload(v311, 0xC2, "\0\x01u\0"sv)), "v311 MQTT-3.1.2-21");
  EXPECT_EQ(refusal(with_payload(v311, 0x82, "\0\x01u\0\x01p"sv)), reason_code::malformed_packet);
}

TEST(Connect, UserNameMustBeThereExactlyWhenAnnouncedInMqtt5) {
  clause("v5 MQTT-3.1.2-16");
  clause("v5 MQTT-3.1.2-17");
  EXPECT_EQ(refused_by(with_payload(v5, 0x82, "")), "v5 MQTT-3.1.2-17");
  EXPECT_EQ(refusal(with_payload(v5, 0x02, "\0\x01u"sv)), reason_code::malformed_packet);
}

TEST(Connect, PasswordMustBeThereExactlyWhenAnnouncedInMqtt5) {
  clause("v5 MQTT-3.1.2-18");
  clause("v5 MQTT-3.1.2-19");
  EXPECT_EQ(refused_by(with_payload(v5, 0xC2, "\0\x01u"sv)), "v5 MQTT-3.1.2-19");
  EXPECT_EQ(refusal(with_payload(v5, 0x82, "\0\x01u\0\x01p"sv)), reason_code::malformed_packet);
}

TEST(Connect, PasswordAloneIsForMqtt5Only) {
  clause("v311 MQTT-3.1.2-22");
  clause("v31 M31-auth-2");
  clause("v5 MQTT-3.1.2-19");
  EXPECT_EQ(refused_by(with_payload(v31, 0x42, "\0\x01p"sv)), "v31 M31-auth-2");
  EXPECT_EQ(refused_by(with_payload(v311, 0x42, "\0\x01p"sv)), "v311 MQTT-3.1.2-22");
  const base::bytes packet = with_payload(v5, 0x42, "\0\x01p"sv).packet();
  const auto c = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
  EXPECT_FALSE(c.user_name.has_value());
  EXPECT_TRUE(c.password.has_value());
}

TEST(Connect, WhollyMissingCredentialsAreExcusedInMqtt31) {
  clause("v31 M31-auth-3");
  clause("v31 M31-auth-4");
  const auto read = [](unsigned flags, std::string_view more) {
    static base::bytes packet;
    packet = with_payload(v31, flags, more).packet();
    return decoded<connect_view>(packet, v311, frame_source::client_before_connect);
  };
  EXPECT_FALSE(read(0x82, "").user_name.has_value());
  EXPECT_FALSE(read(0xC2, "").password.has_value());
  EXPECT_EQ(read(0xC2, "\0\x01u"sv).user_name, "u");
  EXPECT_FALSE(read(0xC2, "\0\x01u"sv).password.has_value());
  for (const std::string_view cut : {"\0"sv, "\0\x02u"sv, "\0\x01u\0"sv, "\0\x01u\0\x02p"sv}) {
    EXPECT_EQ(refusal(with_payload(v31, 0xC2, cut)), reason_code::malformed_packet);
  }
}

TEST(Connect, UnannouncedCredentialsAreDisregardedInMqtt31) {
  clause("v31 M31-auth-1");
  const base::bytes packet = with_payload(v31, 0x02, "\0\x01u\0\x01p"sv).packet();
  const auto c = decoded<connect_view>(packet, v311, frame_source::client_before_connect);
  EXPECT_FALSE(c.user_name.has_value());
  EXPECT_FALSE(c.password.has_value());
}

TEST(Connect, NothingMayFollowTheLastField) {
  clause("v311 MQTT-3.1.4-1");
  clause("v5 MQTT-3.1.4-1");
  clause("v31 M31-proto-5");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refusal(with_payload(v, 0x02, "x")), reason_code::malformed_packet);
    EXPECT_EQ(refusal(with_payload(v, 0xC2, "\0\x01u\0\x01px"sv)), reason_code::malformed_packet);
  }
  EXPECT_EQ(refusal(with_payload(v31, 0x02, "\0\x01u\0\x01p\0\x01x"sv)),
            reason_code::malformed_packet);
}

// Battery 13 and 14: the properties of a CONNECT, cut and repeated.
TEST(Connect, RefusesBrokenProperties) {
  EXPECT_EQ(refusal(with_flags(v5, 2, "\x05\x11\0\0\0"sv)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_flags(v5, 2, "\x0A\x11\0\0\0\x01\x11\0\0\0\x01\0\x02id"sv)),
            reason_code::protocol_error);
  EXPECT_EQ(refusal(with_flags(v5, 2, "\x80\x00\0\x02id"sv)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_flags(v5, 2, "\xFF\xFF\xFF\xFF\x7F"sv)), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with_flags(v5, 2, ""sv)), reason_code::malformed_packet);
}

}  // namespace
}  // namespace godwit::mqtt
