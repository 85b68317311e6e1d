#include "decoding.hpp"

namespace godwit::mqtt {
namespace {

using enum protocol_version;

/// A SUBSCRIBE of one filter.
base::bytes subscribe_to(std::string_view filter, unsigned options, protocol_version v,
                         unsigned first_byte = 0x82) {
  raw_packet body;
  body.u16(1);
  if (v == v5) body.u8(0);
  return body.text(filter).u8(options).packet(first_byte);
}
base::bytes unsubscribe_from(std::string_view filter, protocol_version v,
                             unsigned first_byte = 0xA2) {
  raw_packet body;
  body.u16(1);
  if (v == v5) body.u8(0);
  return body.text(filter).packet(first_byte);
}

TEST(Subscribe, YieldsItsFiltersInOrder) {
  for (const protocol_version v : all_versions) {
    raw_packet body;
    body.u16(0xABCD);
    if (v == v5) body.u8(0);
    body.text("a/#").u8(0).text("b").u8(1).text("+/c").u8(2);
    const base::bytes packet = body.packet(0x82);
    const auto s = decoded<subscribe_view>(packet, v);
    EXPECT_EQ(s.id.value(), 0xABCD);
    EXPECT_EQ(s.count, 3U);
    EXPECT_EQ(s.version, v);
    EXPECT_FALSE(s.dup);
    auto cursor = s.filters();
    for (const auto& [filter, quality] : {std::pair{"a/#", qos::at_most_once},
                                          {"b", qos::at_least_once},
                                          {"+/c", qos::exactly_once}}) {
      const auto request = cursor.next();
      ASSERT_TRUE(request.has_value());
      EXPECT_EQ(request->filter, filter);
      EXPECT_EQ(request->quality, quality);
      EXPECT_FALSE(request->no_local || request->retain_as_published);
      EXPECT_EQ(request->retain_handling, 0);
    }
    EXPECT_FALSE(cursor.next().has_value());
    EXPECT_FALSE(cursor.next().has_value());
  }
}

TEST(Subscribe, ReadsTheOptionsOfMqtt5) {
  const base::bytes packet = subscribe_to("a", 0x2E, v5);
  auto cursor = decoded<subscribe_view>(packet, v5).filters();
  const auto request = cursor.next();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->quality, qos::exactly_once);
  EXPECT_TRUE(request->no_local);
  EXPECT_TRUE(request->retain_as_published);
  EXPECT_EQ(request->retain_handling, 2);
}

TEST(Subscribe, NeedsAFilter) {
  clause("v311 MQTT-3.8.3-3");
  clause("v5 MQTT-3.8.3-2");
  clause("v31 M31-sub-7");
  EXPECT_EQ(refusal(hex("82 02 00 01"), v31), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("82 02 00 01"), v311), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("82 03 00 01 00"), v5), reason_code::protocol_error);
}

// Battery 41.
TEST(Subscribe, EveryFilterHasItsOptions) {
  clause("v311 MQTT-3.8.3-3");
  for (const protocol_version v : {v31, v311}) {
    for (const char* packet : {"82 00", "82 01 00", "82 03 00 01 00", "82 04 00 01 00 05",
                               "82 05 00 01 00 01 61", "82 08 00 01 00 01 61 00 00 05"}) {
      EXPECT_EQ(refusal(hex(packet), v), reason_code::malformed_packet) << packet;
    }
  }
}

// Battery 32.
TEST(Subscribe, PacketIdIsNot0) {
  clause("v311 MQTT-2.3.1-1");
  clause("v5 MQTT-2.2.1-3");
  clause("v31 M31-mid-1");
  EXPECT_EQ(refusal(hex("82 06 00 00 00 01 61 00"), v31), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("82 06 00 00 00 01 61 00"), v311), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("82 07 00 00 00 00 01 61 00"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 05 00 00 00 01 61"), v31), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 05 00 00 00 01 61"), v311), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 06 00 00 00 00 01 61"), v5), reason_code::protocol_error);
}

TEST(Subscribe, ReservedOptionBitsAreMalformed) {
  clause("v311 MQTT-3.8.3-4");
  clause("v5 MQTT-3.8.3-5");
  for (unsigned options = 0; options < 256; ++options) {
    const bool good = options <= 2;
    EXPECT_EQ(refusal(subscribe_to("a", options, v311), v311).has_value(), !good) << options;
  }
  for (const unsigned options : {0x40U, 0x80U, 0xC0U, 0x41U}) {
    EXPECT_EQ(refused_by(subscribe_to("a", options, v5), v5), "v5 MQTT-3.8.3-5") << options;
  }
}

TEST(Subscribe, UpperOptionBitsAreIgnoredInMqtt31) {
  clause("v31 M31-sub-6");
  for (unsigned options = 0; options < 256; ++options) {
    const base::bytes packet = subscribe_to("a", options, v31);
    if ((options & 3U) == 3) {
      EXPECT_TRUE(refusal(packet, v31).has_value());
      continue;
    }
    auto cursor = decoded<subscribe_view>(packet, v31).filters();
    EXPECT_EQ(static_cast<unsigned>(cursor.next()->quality), options & 3U);
  }
}

TEST(Subscribe, QosAndRetainHandling3AreProtocolErrors) {
  clause("v5 MQTT-3.3.1-11");
  EXPECT_EQ(refusal(subscribe_to("a", 0x03, v5), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(subscribe_to("a", 0x30, v5), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(subscribe_to("a", 0x20, v5), v5), std::nullopt);
}

TEST(Subscribe, NoLocalIsNotForSharedFilters) {
  clause("v5 MQTT-3.8.3-4");
  EXPECT_EQ(refusal(subscribe_to("$share/g/a", 0x04, v5), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(subscribe_to("$share/g/a", 0x00, v5), v5), std::nullopt);
  EXPECT_EQ(refusal(subscribe_to("a", 0x04, v5), v5), std::nullopt);
}

TEST(Subscribe, FiltersAreUtf8) {
  clause("v311 MQTT-3.8.3-1");
  clause("v5 MQTT-3.8.3-1");
  for (const protocol_version v : all_versions) {
    for (const std::string_view bad : {std::string_view{"\xC3\x28"}, std::string_view{"a\0b", 3}}) {
      EXPECT_EQ(refusal(subscribe_to(bad, 0, v), v), reason_code::malformed_packet);
    }
  }
}

TEST(Unsubscribe, FiltersAreUtf8) {
  clause("v311 MQTT-3.10.3-1");
  clause("v5 MQTT-3.10.3-1");
  for (const protocol_version v : all_versions) {
    for (const std::string_view bad : {std::string_view{"\xC3\x28"}, std::string_view{"a\0b", 3}}) {
      EXPECT_EQ(refusal(unsubscribe_from(bad, v), v), reason_code::malformed_packet);
    }
  }
}

TEST(Subscribe, FiltersAreNotEmpty) {
  clause("v311 MQTT-4.7.3-1");
  clause("v5 MQTT-4.7.3-1");
  clause("v31 M31-topic-1");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refusal(subscribe_to("", 0, v), v), reason_code::malformed_packet);
    EXPECT_EQ(refusal(unsubscribe_from("", v), v), reason_code::malformed_packet);
  }
}

TEST(Subscribe, MisplacedWildcardsAreMalformedInMqtt3) {
  clause("v311 MQTT-4.7.1-2");
  clause("v311 MQTT-4.7.1-3");
  clause("v31 M31-topic-3");
  for (const protocol_version v : {v31, v311}) {
    for (const char* bad : {"a#", "a/#/b", "#/a", "##", "a+", "+a", "a/+b", "$share/g/a#"}) {
      EXPECT_EQ(refusal(subscribe_to(bad, 0, v), v), reason_code::malformed_packet) << bad;
      EXPECT_EQ(refusal(unsubscribe_from(bad, v), v), reason_code::malformed_packet) << bad;
    }
    for (const char* good : {"#", "a/#", "/#", "+", "+/a", "a/+/b", "/+"}) {
      EXPECT_EQ(refusal(subscribe_to(good, 0, v), v), std::nullopt) << good;
      EXPECT_EQ(refusal(unsubscribe_from(good, v), v), std::nullopt) << good;
    }
  }
}

// Topic Filter invalid is an answer per filter: the packet itself is in order.
TEST(Subscribe, MisplacedWildcardsAreLeftToTheSessionInMqtt5) {
  for (const char* bad : {"a#", "a/#/b", "##", "a+"}) {
    EXPECT_EQ(refusal(subscribe_to(bad, 0, v5), v5), std::nullopt) << bad;
    EXPECT_EQ(refusal(unsubscribe_from(bad, v5), v5), std::nullopt) << bad;
  }
}

TEST(Subscribe, ShareNamesAreLeftToTheSession) {
  for (const protocol_version v : all_versions) {
    for (const char* bad : {"$share/ab", "$share//t", "$share/a+/t", "$share/g/", "$share/#/t"}) {
      EXPECT_EQ(refusal(subscribe_to(bad, 0, v), v), std::nullopt) << bad;
    }
  }
}

TEST(Subscribe, AcceptsAnyHeaderFlagsInMqtt31) {
  clause("v31 M31-flags-2");
  for (unsigned flags = 0; flags < 16; ++flags) {
    const base::bytes packet = subscribe_to("a", 1, v31, 0x80 | flags);
    EXPECT_EQ(decoded<subscribe_view>(packet, v31).dup, (flags & 8U) != 0);
  }
}

TEST(Unsubscribe, AcceptsAnyHeaderFlagsInMqtt31) {
  clause("v31 M31-flags-3");
  for (unsigned flags = 0; flags < 16; ++flags) {
    const base::bytes packet = unsubscribe_from("a", v31, 0xA0 | flags);
    EXPECT_EQ(decoded<unsubscribe_view>(packet, v31).dup, (flags & 8U) != 0);
  }
}

TEST(Unsubscribe, YieldsItsFiltersInOrder) {
  clause("v311 MQTT-3.10.3-1");
  clause("v31 M31-unsub-2");
  for (const protocol_version v : all_versions) {
    raw_packet body;
    body.u16(0x0100);
    if (v == v5) body.u8(0);
    const base::bytes packet = body.text("a/#").text("b").packet(0xA2);
    const auto u = decoded<unsubscribe_view>(packet, v);
    EXPECT_EQ(u.id.value(), 0x0100);
    EXPECT_EQ(u.count, 2U);
    auto cursor = u.filters();
    EXPECT_EQ(cursor.next(), "a/#");
    EXPECT_EQ(cursor.next(), "b");
    EXPECT_EQ(cursor.next(), std::nullopt);
  }
}

TEST(Unsubscribe, NeedsAFilter) {
  clause("v311 MQTT-3.10.3-2");
  clause("v5 MQTT-3.10.3-2");
  EXPECT_EQ(refusal(hex("A2 02 00 01"), v31), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 02 00 01"), v311), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 03 00 01 00"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(hex("A2 04 00 01 00 05"), v311), reason_code::malformed_packet);
}

// Battery 26.
TEST(Subscribe, SubscriptionIdentifierIsChecked) {
  const auto with = [](const char* properties) {
    const base::bytes block = hex(properties);
    return raw_packet{}.u16(1).varint(block.size()).raw(block).text("a").u8(0).packet(0x82);
  };
  EXPECT_EQ(refusal(with("0B FF FF FF 7F"), v5), std::nullopt);
  EXPECT_EQ(refusal(with("0B 00"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(with("0B 01 0B 02"), v5), reason_code::protocol_error);
  EXPECT_EQ(refusal(with("0B FF FF FF FF 7F"), v5), reason_code::malformed_packet);
  EXPECT_EQ(refusal(with("0B 81 00"), v5), reason_code::malformed_packet);
  const base::bytes good = with("0B 80 01");
  EXPECT_EQ(decoded<subscribe_view>(good, v5).properties.subscription_identifier(), 128U);
}

}  // namespace
}  // namespace godwit::mqtt
