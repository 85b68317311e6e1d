#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Just enough MQTT 3.1, 3.1.1 and 5.0 to load a broker: property blocks are empty but for Session
/// Expiry, and are passed over when they come. Written by hand and apart from the broker's
/// codec, so that a fault there cannot hide itself and the generator stays far cheaper than any
/// broker.
namespace godwit::bench {

using octets = std::vector<std::uint8_t>;
using octet_view = std::span<const std::uint8_t>;

/// Ends the run: the environment or the broker does not allow a measurement. Never a count of
/// lost messages; those are results.
class bench_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class protocol : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

[[nodiscard]] std::string_view name_of(protocol version);

enum class packet_type : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
};

enum class retain_flag : std::uint8_t { clear, set };
enum class dup_flag : std::uint8_t { clear, set };
enum class clean_session : std::uint8_t { no, yes };

/// One whole packet inside a receive buffer; valid until the buffer is refilled.
struct packet_view {
  std::uint8_t first = 0;  ///< type and flags
  octet_view body;         ///< what follows the remaining length

  [[nodiscard]] packet_type type() const { return static_cast<packet_type>(first >> 4); }
};

struct publish_view {
  octet_view topic;
  octet_view payload;
  std::uint16_t packet_id = 0;  ///< 0 for QoS 0
  std::uint8_t qos = 0;
  bool retain = false;
  bool dup = false;
};

struct will_fields {
  std::string_view topic;
  std::string_view payload;
  std::uint8_t qos = 0;
};

struct connect_fields {
  std::string_view client_id;
  protocol version = protocol::v311;
  clean_session clean = clean_session::yes;
  std::uint16_t keep_alive_s = 0;
  std::optional<will_fields> will{};
  std::string_view user{};  ///< empty: none, and no password
  std::string_view password{};
};

struct publish_fields {
  std::string_view topic;
  octet_view payload;
  std::uint16_t packet_id = 0;
  std::uint8_t qos = 0;
  retain_flag retain = retain_flag::clear;
  dup_flag dup = dup_flag::clear;
  protocol version = protocol::v311;
};

/// Finds the first whole packet of `input`. Returns the octets it takes, 0 when it is not all
/// there yet. Throws bench_error when the remaining length is malformed.
[[nodiscard]] std::size_t next_packet(octet_view input, packet_view& packet);

/// Throws bench_error when the packet is too short for what it announces.
[[nodiscard]] publish_view parse_publish(const packet_view& packet,
                                         protocol version = protocol::v311);
/// What follows the property block at the head of `from`; throws bench_error without a whole one.
[[nodiscard]] octet_view past_properties(octet_view from);

/// The first two octets of a body as a packet id; throws bench_error when there are fewer.
[[nodiscard]] std::uint16_t parse_packet_id(const packet_view& packet);

void append_connect(octets& out, const connect_fields& fields);
void append_publish(octets& out, const publish_fields& fields);
void append_subscribe(octets& out, std::uint16_t packet_id, std::span<const std::string> filters,
                      std::uint8_t qos, protocol version = protocol::v311);
void append_unsubscribe(octets& out, std::uint16_t packet_id, std::span<const std::string> filters,
                        protocol version = protocol::v311);
/// PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK.
void append_acknowledgement(octets& out, packet_type type, std::uint16_t packet_id);
/// PINGREQ, PINGRESP and DISCONNECT.
void append_bare(octets& out, packet_type type);

}  // namespace godwit::bench
