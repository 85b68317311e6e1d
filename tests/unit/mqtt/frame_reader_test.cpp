#include "decoding.hpp"

#include <godwit/mqtt/frame_reader.hpp>

namespace godwit::mqtt {
namespace {

using enum frame_source;

result<std::optional<frame>> read(std::string_view digits, protocol_version version,
                                  frame_source source, std::uint32_t size_max = no_limit) {
  static base::bytes keep;
  keep = hex(digits);
  return next_frame(keep, version, source, size_max);
}

std::optional<reason_code> refused(std::string_view digits, protocol_version version,
                                   frame_source source, std::uint32_t size_max = no_limit) {
  const auto f = read(digits, version, source, size_max);
  return f ? std::nullopt : std::optional{f.error().code};
}

bool waits(std::string_view digits, protocol_version version, frame_source source) {
  const auto f = read(digits, version, source);
  return f.has_value() && !f->has_value();
}

TEST(FrameReader, WaitsForTheWholePacket) {
  const base::bytes packet = hex("30 05 00 01 61 62 63  C0 00");
  for (std::size_t size = 0; size < 7; ++size) {
    const auto f =
        next_frame(bytes_view{packet}.first(size), protocol_version::v311, client, no_limit);
    ASSERT_TRUE(f.has_value());
    EXPECT_FALSE(f->has_value()) << size;
  }
  const auto f = next_frame(packet, protocol_version::v311, client, no_limit);
  ASSERT_TRUE(f.has_value() && f->has_value());
  EXPECT_EQ((*f)->type, packet_type::publish);
  EXPECT_EQ((*f)->flags, 0);
  EXPECT_EQ((*f)->size, 7U);
  EXPECT_EQ((*f)->body.size(), 5U);
  EXPECT_EQ((*f)->from, sender::client);
}

TEST(FrameReader, ReadsRemainingLengthsOfOneToFourBytes) {
  clause("v31 M31-hdr-2");
  clause("v5 MQTT-1.5.5-1");
  for (const std::uint32_t length :
       {0U, 1U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    for (const protocol_version v : all_versions) {
      raw_packet p;
      p.u8(0x30).varint(length);
      const std::size_t header = p.bytes().size();
      p.raw(base::bytes(length));
      const auto f = next_frame(p.bytes(), v, client, no_limit);
      ASSERT_TRUE(f.has_value() && f->has_value()) << length;
      EXPECT_EQ((*f)->body.size(), length);
      EXPECT_EQ((*f)->size, header + length);
    }
  }
  const auto largest = read("30 FF FF FF 7F", protocol_version::v5, client);
  EXPECT_TRUE(largest.has_value() && !largest->has_value()) << "the largest length is legal";
}

// Battery 1 and 2: the fourth continuation bit is enough to know.
TEST(FrameReader, RefusesAFifthLengthByteAtTheFourth) {
  clause("v31 M31-hdr-2");
  for (const protocol_version v : all_versions) {
    EXPECT_TRUE(waits("30 FF FF FF", v, client));
    EXPECT_EQ(refused("30 FF FF FF FF", v, client), reason_code::malformed_packet);
    EXPECT_EQ(refused("30 80 80 80 80 00", v, client), reason_code::malformed_packet);
    EXPECT_EQ(refused("10 80 80 80 80", v, client_before_connect), reason_code::malformed_packet);
  }
}

TEST(FrameReader, RefusesLengthsThatAreNotInTheirShortestForm) {
  clause("v5 MQTT-1.5.5-1");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refused("C0 80 00", v, client), reason_code::malformed_packet);
    EXPECT_EQ(refused("30 FF 80 00", v, client), reason_code::malformed_packet);
    EXPECT_EQ(refused("30 FF FF FF 00", v, client), reason_code::malformed_packet);
  }
}

TEST(FrameReader, TakesOnlyConnectFirst) {
  clause("v31 M31-proto-3");
  clause("v311 MQTT-3.1.0-1");
  clause("v5 MQTT-3.1.0-1");
  for (unsigned type = 0; type < 16; ++type) {
    const base::bytes first{static_cast<std::byte>(type << 4U)};
    const auto f = next_frame(first, protocol_version::v311, client_before_connect, no_limit);
    EXPECT_EQ(f.has_value(), type == 1) << type;
  }
  EXPECT_TRUE(waits("1F", protocol_version::v31, client_before_connect));
}

// Battery 8: nothing is waited for that cannot become right.
TEST(FrameReader, RefusesReservedTypesAtTheFirstByte) {
  clause("v31 M31-hdr-1");
  for (const frame_source source : {client, server}) {
    EXPECT_EQ(refused("00", protocol_version::v31, source), reason_code::malformed_packet);
    EXPECT_EQ(refused("00", protocol_version::v311, source), reason_code::malformed_packet);
    EXPECT_EQ(refused("00", protocol_version::v5, source), reason_code::malformed_packet);
    EXPECT_EQ(refused("F0", protocol_version::v31, source), reason_code::malformed_packet);
    EXPECT_EQ(refused("F0", protocol_version::v311, source), reason_code::malformed_packet);
    EXPECT_TRUE(waits("F0", protocol_version::v5, source));
  }
}

// Battery 7.
TEST(FrameReader, RefusesPacketsOfTheOtherDirection) {
  clause("v31 M31-hdr-2");
  for (const protocol_version v : all_versions) {
    for (const char* first : {"20", "90", "B0", "D0"}) {
      EXPECT_EQ(refused(first, v, client), reason_code::protocol_error) << first;
      EXPECT_TRUE(waits(first, v, server)) << first;
    }
    for (const char* first : {"10", "82", "A2", "C0"}) {
      EXPECT_EQ(refused(first, v, server), reason_code::protocol_error) << first;
      EXPECT_TRUE(waits(first, v, client)) << first;
    }
    for (const char* first : {"30", "40", "50", "62", "70"}) {
      EXPECT_TRUE(waits(first, v, client)) << first;
      EXPECT_TRUE(waits(first, v, server)) << first;
    }
    EXPECT_TRUE(waits("E0", v, client));
  }
  clause("v31 M31-err-1");
  EXPECT_EQ(refused("E0", protocol_version::v31, server), reason_code::protocol_error);
  EXPECT_EQ(refused("E0", protocol_version::v311, server), reason_code::protocol_error);
  EXPECT_TRUE(waits("E0", protocol_version::v5, server));
}

TEST(FrameReader, RefusesEveryWrongReservedFlagNibble) {
  clause("v311 MQTT-2.2.2-2");
  clause("v5 MQTT-2.1.3-1");
  for (const protocol_version v : {protocol_version::v311, protocol_version::v5}) {
    for (unsigned type = 2; type < 16; ++type) {
      if (type == 3 || (type == 15 && v != protocol_version::v5)) continue;
      const bool from_server = type == 2 || type == 9 || type == 11 || type == 13;
      const unsigned right = type == 6 || type == 8 || type == 10 ? 2 : 0;
      for (unsigned flags = 0; flags < 16; ++flags) {
        const base::bytes first{static_cast<std::byte>(type << 4U | flags)};
        const auto f = next_frame(first, v, from_server ? server : client, no_limit);
        EXPECT_EQ(f.has_value(), flags == right) << type << ' ' << flags;
        if (f) continue;
        EXPECT_EQ(f.error().code, reason_code::malformed_packet);
      }
    }
  }
}

TEST(FrameReader, RefusesWrongFlagsOfRequests) {
  clause("v311 MQTT-3.8.1-1");
  clause("v311 MQTT-3.10.1-1");
  clause("v311 MQTT-3.6.1-1");
  for (const char* first : {"80", "8A", "83", "A0", "AA", "60", "6A", "6F"}) {
    EXPECT_EQ(refused(first, protocol_version::v311, client), reason_code::malformed_packet);
  }
}

TEST(FrameReader, RefusesWrongFlagsOfRequestsInMqtt5) {
  clause("v5 MQTT-3.8.1-1");
  clause("v5 MQTT-3.10.1-1");
  clause("v5 MQTT-3.6.1-1");
  for (const char* first : {"80", "8A", "83", "A0", "AA", "60", "6A", "6F"}) {
    EXPECT_EQ(refused(first, protocol_version::v5, client), reason_code::malformed_packet);
  }
}

TEST(FrameReader, RefusesWrongFlagsOfDisconnectAndAuth) {
  clause("v311 MQTT-3.14.1-1");
  clause("v5 MQTT-3.14.1-1");
  clause("v5 MQTT-3.15.1-1");
  EXPECT_EQ(refused("E1 00", protocol_version::v311, client), reason_code::malformed_packet);
  EXPECT_EQ(refused("E1 00", protocol_version::v5, client), reason_code::malformed_packet);
  EXPECT_EQ(refused("F1 00", protocol_version::v5, client), reason_code::malformed_packet);
}

TEST(FrameReader, IgnoresUnusedFlagsOfMqtt31) {
  clause("v31 M31-flags-5");
  for (unsigned type = 2; type < 15; ++type) {
    if (type == 3) continue;
    const bool from_server = type == 2 || type == 9 || type == 11 || type == 13;
    for (unsigned flags = 0; flags < 16; ++flags) {
      const base::bytes first{static_cast<std::byte>(type << 4U | flags)};
      const auto f =
          next_frame(first, protocol_version::v31, from_server ? server : client, no_limit);
      EXPECT_TRUE(f.has_value()) << type << ' ' << flags;
    }
  }
}

TEST(FrameReader, RefusesPublishWithQos3AtTheFirstByte) {
  clause("v31 M31-hdr-3");
  clause("v311 MQTT-3.3.1-4");
  clause("v5 MQTT-3.3.1-4");
  for (const protocol_version v : all_versions) {
    for (const char* first : {"36", "37", "3E", "3F"}) {
      EXPECT_EQ(refused(first, v, client), reason_code::malformed_packet) << first;
    }
  }
}

// Battery 10, 11: the length alone is enough.
TEST(FrameReader, RefusesWhatIsTooLargeAsSoonAsTheLengthIsKnown) {
  clause("v5 MQTT-3.2.2-15");
  for (const protocol_version v : all_versions) {
    EXPECT_EQ(refused("10 FF FF FF 7F", v, client_before_connect, 65'536),
              reason_code::packet_too_large);
    EXPECT_EQ(refused("30 7F", v, client, 128), reason_code::packet_too_large);
    EXPECT_FALSE(refused("30 7E", v, client, 128).has_value()) << "the header counts";
    EXPECT_EQ(refused("C0 00", v, client, 1), reason_code::packet_too_large);
    EXPECT_FALSE(refused("C0 00", v, client, 2).has_value()) << "equal is allowed";
  }
}

}  // namespace
}  // namespace godwit::mqtt
