#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/packets.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Packets as bytes, for tests. The builders make what the standard calls well-formed; a test that
/// wants something else writes hex, or takes a good packet and spoils a byte of it.

namespace godwit::test {

using mqtt::protocol_version;
inline constexpr mqtt::qos qos0 = mqtt::qos::at_most_once;
inline constexpr mqtt::qos qos1 = mqtt::qos::at_least_once;
inline constexpr mqtt::qos qos2 = mqtt::qos::exactly_once;
inline constexpr protocol_version v31 = protocol_version::v31;
inline constexpr protocol_version v311 = protocol_version::v311;
inline constexpr protocol_version v5 = protocol_version::v5;

/// "10 0c 00 04 'MQTT' 04": hex digits in pairs, and text in single quotes; spaces mean nothing.
[[nodiscard]] base::bytes hex(std::string_view text);
/// The other way, for failure messages: "10 0c 00 04".
[[nodiscard]] std::string to_hex(base::bytes_view bytes);
/// One after another.
[[nodiscard]] base::bytes join(const std::vector<base::bytes>& parts);
/// Fixed header with the right Remaining Length in front of any body.
[[nodiscard]] base::bytes framed(std::uint8_t first_byte, base::bytes_view body);
/// A two-byte length and the text: the standard's UTF-8 string.
[[nodiscard]] base::bytes field(std::string_view text);

struct will_options {
  std::string topic{};
  std::string payload{};
  mqtt::qos quality = qos0;
  bool retain = false;
  base::bytes properties{};  ///< of MQTT 5, like those below
};

struct connect_options {
  protocol_version version = v311;
  std::string client_id = "client";
  bool clean = true;
  std::uint16_t keep_alive_s = 0;  ///< 0 = off
  std::optional<will_options> will{};
  std::optional<std::string> user_name{};
  std::optional<std::string> password{};
  base::bytes properties{};
};

struct filter_request {
  std::string filter{};
  mqtt::qos quality = qos0;
  bool no_local = false;  ///< MQTT 5, like those below
  bool retain_as_published = false;
  std::uint8_t retain_handling = 0;
};

[[nodiscard]] base::bytes connect_packet(const connect_options& o = {});
struct publish_options {
  mqtt::qos quality = qos0;
  std::uint16_t id = 0;  ///< must be set for QoS 1 and 2
  bool retain = false;
  bool dup = false;
  base::bytes properties{};
};
[[nodiscard]] base::bytes publish_packet(std::string_view topic, std::string_view payload,
                                         const publish_options& o = {}, protocol_version v = v311);
/// PUBACK, PUBREC, PUBREL or PUBCOMP.
[[nodiscard]] base::bytes ack_packet(mqtt::packet_type type, std::uint16_t id,
                                     protocol_version v = v311);
[[nodiscard]] base::bytes subscribe_packet(std::uint16_t id,
                                           const std::vector<filter_request>& filters,
                                           protocol_version v = v311,
                                           base::bytes_view properties = {});
[[nodiscard]] base::bytes unsubscribe_packet(std::uint16_t id,
                                             const std::vector<std::string>& filters,
                                             protocol_version v = v311);
[[nodiscard]] base::bytes pingreq_packet();
[[nodiscard]] base::bytes disconnect_packet(protocol_version v = v311,
                                            base::bytes_view properties = {});

}  // namespace godwit::test
