#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/base/strong.hpp>

#include <cstdint>

namespace godwit::mqtt {

using base::bytes_view;

/// The three protocols on one port. The value is the protocol level on the wire.
enum class protocol_version : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

/// Control packet types; the value is the upper nibble of the first byte. [v5 table 2-1]
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
  auth = 15,  // MQTT 5 only
};

/// Which side of the connection sent a packet; some fields are for one side only.
enum class sender : std::uint8_t { client, server };

enum class qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// 1 to 65535; 0 means "none" and never travels. [v311 MQTT-2.3.1-1]
using packet_id = base::strong<std::uint16_t, struct packet_id_tag>;

/// The largest Remaining Length that four bytes can say. [v5 2.1.4]
inline constexpr std::uint32_t remaining_length_max = 268'435'455;

}  // namespace godwit::mqtt
