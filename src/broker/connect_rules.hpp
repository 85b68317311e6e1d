#pragma once

#include <godwit/mqtt/error.hpp>
#include <godwit/mqtt/packets.hpp>
#include <godwit/session/limits.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

/// What a CONNECT gets, as far as the packet and the limits decide it.

namespace godwit::broker {

/// The rules on a CONNECT that the packet alone does not decide; nothing: it may go on.
[[nodiscard]] std::optional<mqtt::protocol_error> judge_connect(const mqtt::connect_view& p,
                                                                const session::limits& l);

/// Seconds that the session outlives its connection; 0xFFFFFFFF = for ever. 3.x: as configured, or
/// 0 with a clean session. [v5 MQTT-3.1.2-23]
[[nodiscard]] std::uint32_t granted_expiry(const mqtt::connect_view& p, const session::limits& l);
/// The same for a value that a 5.0 client asks for.
[[nodiscard]] std::uint32_t granted_expiry(std::uint32_t asked_s,
                                           const session::limits& l) noexcept;

/// The keep alive that counts. [v5 MQTT-3.2.2-21] [v5 MQTT-3.2.2-22]
[[nodiscard]] std::uint16_t granted_keep_alive(const mqtt::connect_view& p,
                                               const session::limits& l) noexcept;

/// Is it well-formed UTF-8, as a payload may be (U+0000 is no error there)?
[[nodiscard]] bool is_utf8_payload(base::bytes_view payload);

/// The properties of the CONNACK that lets a 5.0 client in: what differs from what it asked for or
/// from the standard's defaults. `login_data`: the end of an enhanced authentication.
[[nodiscard]] base::bytes connack_properties(const mqtt::connect_view& p, const session::limits& l,
                                             std::string_view client_id,
                                             base::bytes_view login_data);

/// More than one packet may have (connection.user_properties_max).
[[nodiscard]] bool has_too_many_user_properties(const mqtt::properties_view& p,
                                                const session::limits& l) noexcept;
inline constexpr const char* too_many_properties =
    "more user properties than connection.user_properties_max";

}  // namespace godwit::broker
