#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/packets.hpp>

/// Encoding appends one whole packet to `out` and cannot fail: views come from decoding or from our
/// own checked values (assertion otherwise). Properties are written only for MQTT 5.

namespace godwit::mqtt {

void encode(const connect_view& p, base::bytes& out);
void encode(const connack_view& p, protocol_version v, base::bytes& out);
void encode(const publish_view& p, protocol_version v, base::bytes& out);
void encode(const ack_view& p, protocol_version v, base::bytes& out);
void encode(const subscribe_view& p, protocol_version v, base::bytes& out);
void encode(const suback_view& p, protocol_version v, base::bytes& out);
void encode(const unsubscribe_view& p, protocol_version v, base::bytes& out);
void encode(const pingreq_view& p, base::bytes& out);
void encode(const pingresp_view& p, base::bytes& out);
void encode(const disconnect_view& p, protocol_version v, base::bytes& out);
void encode(const auth_view& p, base::bytes& out);
void encode(const packet_view& p, protocol_version v, base::bytes& out);

/// Size on the wire, fixed header included.
[[nodiscard]] std::size_t encoded_size(const publish_view& p, protocol_version v) noexcept;
[[nodiscard]] std::size_t encoded_size(const connack_view& p, protocol_version v) noexcept;
/// Appends everything of a PUBLISH but its payload, for payloads that are sent from where they lie.
/// Returns the offset in `out` of the two packet id bytes (0 at QoS 0).
std::size_t encode_publish_head(const publish_view& p, protocol_version v, base::bytes& out);

}  // namespace godwit::mqtt
