#pragma once

#include <godwit/mqtt/error.hpp>
#include <godwit/mqtt/frame_reader.hpp>
#include <godwit/mqtt/packets.hpp>

/// Decoding checks everything that the packet alone can show: lengths, flags, UTF-8, properties,
/// values. It allocates nothing and keeps nothing; views point into the frame.
/// `frame::from` decides about fields that only one side may send (a subscription identifier in a
/// PUBLISH, some reason codes). Errors carry malformed_packet (0x81) or protocol_error (0x82)
/// unless a rule names another code.

namespace godwit::mqtt {

/// Decides the protocol version from name and level together. Level 5 decodes as MQTT 5.
/// Unknown name: malformed, no CONNACK [v311 MQTT-3.1.2-1]. Known name with another level:
/// unsupported_protocol_version [v311 MQTT-3.1.2-2] [v31 M31-proto-2]. The fixed-header flags are
/// judged here, because MQTT 3.1 ignores them [v31 M31-flags-1].
/// MQTT 3.1: modified UTF-8 is accepted as described in utf8.hpp; the views then still show the
/// bytes as sent and `needs_utf8_repair` tells. Missing or unannounced credentials: version_policy.
/// A will topic that is not a topic name: topic_name_invalid.
[[nodiscard]] result<connect_view> decode_connect(const frame& f) noexcept;
/// The version a CONNECT names, for the answer to one that does not decode: nothing if the name is
/// unknown or cut off.
[[nodiscard]] std::optional<protocol_version> connect_version(const frame& f) noexcept;

/// A wildcard in the topic: topic_name_invalid. An empty topic: protocol_error, but in MQTT 5 with
/// an alias it is the session's to resolve.
[[nodiscard]] result<publish_view> decode_publish(const frame& f, protocol_version v) noexcept;
/// PUBACK, PUBREC, PUBREL, PUBCOMP.
[[nodiscard]] result<ack_view> decode_ack(const frame& f, protocol_version v) noexcept;
/// Filters: in 3.x misplaced wildcards are an error; in MQTT 5, and for what stands between
/// "$share/" and the next '/', they are the session's, which answers per filter.
[[nodiscard]] result<subscribe_view> decode_subscribe(const frame& f, protocol_version v) noexcept;
[[nodiscard]] result<unsubscribe_view> decode_unsubscribe(const frame& f,
                                                          protocol_version v) noexcept;
[[nodiscard]] result<disconnect_view> decode_disconnect(const frame& f,
                                                        protocol_version v) noexcept;
[[nodiscard]] result<auth_view> decode_auth(const frame& f) noexcept;

[[nodiscard]] result<connack_view> decode_connack(const frame& f, protocol_version v) noexcept;
/// SUBACK and UNSUBACK.
[[nodiscard]] result<suback_view> decode_suback(const frame& f, protocol_version v) noexcept;

/// Any packet; dispatches to the functions above. PINGREQ and PINGRESP must be empty.
[[nodiscard]] result<packet_view> decode(const frame& f, protocol_version v) noexcept;

}  // namespace godwit::mqtt
