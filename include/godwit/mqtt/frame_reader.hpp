#pragma once

#include <godwit/mqtt/error.hpp>
#include <godwit/mqtt/types.hpp>

#include <optional>

namespace godwit::mqtt {

/// One whole control packet in the input: fixed header taken apart, the rest not looked at.
struct frame {
  packet_type type{};
  std::uint8_t flags = 0;        ///< Lower nibble of the first byte.
  bytes_view body;               ///< Remaining Length bytes behind the fixed header.
  std::size_t size = 0;          ///< Whole packet, fixed header included.
  sender from = sender::client;  ///< As the `frame_source` said.
};

/// Who may send the packet that is being read. Decides which types are an error at the first byte.
enum class frame_source : std::uint8_t {
  client_before_connect,  ///< only CONNECT, any flags (MQTT 3.1 leaves them unused)
  client,                 ///< everything a client may send; AUTH only in MQTT 5
  server,                 ///< for our own test clients and, later, bridges
};

/// Finds the packet at the head of `input`. Returns nothing when more bytes are needed. Judges as
/// early as it can: type and flags at the first byte, the size limit as soon as the length is
/// known, so that nothing needs to be stored for a packet that will be refused. No allocation;
/// O(1). Errors: reserved or misdirected type, wrong reserved flags [v311 MQTT-2.2.2-2] (not in 3.1
/// [v31 M31-flags-5]), a fifth length byte, a length not in its shortest form [v5 MQTT-1.5.5-1],
/// more than `packet_size_max` bytes (packet_too_large).
[[nodiscard]] result<std::optional<frame>> next_frame(bytes_view input, protocol_version version,
                                                      frame_source source,
                                                      std::uint32_t packet_size_max) noexcept;

}  // namespace godwit::mqtt
