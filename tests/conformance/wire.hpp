#pragma once

#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Packets as a client puts them on the wire, right and wrong, without the broker's own codec: what
/// the suite says about bytes must not depend on the code it judges.

namespace godwit::conformance {

using mqtt::protocol_version;

/// "20 02 00 00" -> four bytes.
[[nodiscard]] std::string hex(std::string_view text);
/// Four bytes -> "20 02 00 00", for messages of failed tests.
[[nodiscard]] std::string to_hex(std::string_view bytes);

[[nodiscard]] std::string u16(unsigned value);
/// A string field: two length bytes and the text.
[[nodiscard]] std::string field(std::string_view text);
/// First byte, Remaining Length in its shortest form, body.
[[nodiscard]] std::string packet(unsigned first_byte, std::string_view body);

struct will {
  std::string topic = "will/topic";
  std::string payload = "gone";
  unsigned qos = 0;
  bool retain = false;
};

struct connect {
  protocol_version version = protocol_version::v311;
  std::string id = "client";
  bool clean = true;
  unsigned keep_alive_s = 0;
  std::optional<conformance::will> will{};
  std::optional<std::string> user{};
  std::optional<std::string> password{};

  [[nodiscard]] unsigned flags() const;
  [[nodiscard]] std::string payload() const;
  [[nodiscard]] std::string bytes() const;
};

/// A CONNECT put together by hand: name and level, flags, keep alive 0, payload.
[[nodiscard]] std::string raw_connect(std::string_view name, unsigned level, unsigned flags,
                                      std::string_view payload, unsigned first_byte = 0x10);
/// The same with the right name and level of a version.
[[nodiscard]] std::string raw_connect(protocol_version version, unsigned flags,
                                      std::string_view payload);

struct publish {
  std::string topic = "a/b";
  std::string payload = "x";
  unsigned qos = 0;
  unsigned id = 1;  ///< Written at QoS 1 and 2 only.
  bool dup = false;
  bool retain = false;

  [[nodiscard]] std::string bytes() const;
};

using filters = std::vector<std::pair<std::string, unsigned>>;
[[nodiscard]] std::string subscribe(unsigned id, const filters& wanted, unsigned first_byte = 0x82);
[[nodiscard]] std::string unsubscribe(unsigned id, const std::vector<std::string>& topics,
                                      unsigned first_byte = 0xA2);
[[nodiscard]] std::string ack(unsigned first_byte, unsigned id);
[[nodiscard]] inline std::string puback(unsigned id) {
  return ack(0x40, id);
}
[[nodiscard]] inline std::string pubrec(unsigned id) {
  return ack(0x50, id);
}
[[nodiscard]] inline std::string pubrel(unsigned id) {
  return ack(0x62, id);
}
[[nodiscard]] inline std::string pubcomp(unsigned id) {
  return ack(0x70, id);
}
[[nodiscard]] inline std::string unsuback(unsigned id) {
  return ack(0xB0, id);
}
[[nodiscard]] std::string suback(unsigned id, std::initializer_list<unsigned> codes);
[[nodiscard]] inline std::string pingreq() {
  return hex("C0 00");
}
[[nodiscard]] inline std::string pingresp() {
  return hex("D0 00");
}
[[nodiscard]] inline std::string disconnect() {
  return hex("E0 00");
}
[[nodiscard]] inline std::string connack(unsigned flags, unsigned code) {
  return std::string{'\x20', '\x02', static_cast<char>(flags), static_cast<char>(code)};
}

/// One packet that the broker sent.
struct received {
  std::string bytes;  ///< Whole packet.
  unsigned first = 0;
  std::string body;

  [[nodiscard]] unsigned type() const { return first >> 4U; }
  [[nodiscard]] bool is_publish() const { return type() == 3; }
  [[nodiscard]] unsigned qos() const { return (first >> 1U) & 3U; }
  [[nodiscard]] bool dup() const { return (first & 8U) != 0; }
  [[nodiscard]] bool retain() const { return (first & 1U) != 0; }
  [[nodiscard]] std::string topic() const;
  [[nodiscard]] unsigned id() const;  ///< Of a QoS 1/2 PUBLISH or of an acknowledgement.
  [[nodiscard]] std::string payload() const;
};

/// Takes the stream apart; what is left of a packet that has not come whole stays in `stream`.
[[nodiscard]] std::vector<received> take_packets(std::string& stream);

}  // namespace godwit::conformance
