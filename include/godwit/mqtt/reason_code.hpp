#pragma once

#include <godwit/mqtt/types.hpp>

#include <cstdint>

namespace godwit::mqtt {

/// The reason codes of MQTT 5; values as on the wire. [v5 2.4] In 3.x they stay inside the broker
/// and are mapped to a CONNACK return code or to the close, see version_policy.hpp.
/// 0x00 is also "normal disconnection" and "granted QoS 0".
enum class reason_code : std::uint8_t {
  success = 0x00,
  granted_qos_1 = 0x01,
  granted_qos_2 = 0x02,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  continue_authentication = 0x18,
  re_authenticate = 0x19,
  unspecified_error = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_specific_error = 0x83,
  unsupported_protocol_version = 0x84,
  client_identifier_not_valid = 0x85,
  bad_user_name_or_password = 0x86,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8A,
  server_shutting_down = 0x8B,
  bad_authentication_method = 0x8C,
  keep_alive_timeout = 0x8D,
  session_taken_over = 0x8E,
  topic_filter_invalid = 0x8F,
  topic_name_invalid = 0x90,
  packet_identifier_in_use = 0x91,
  packet_identifier_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  message_rate_too_high = 0x96,
  quota_exceeded = 0x97,
  administrative_action = 0x98,
  payload_format_invalid = 0x99,
  retain_not_supported = 0x9A,
  qos_not_supported = 0x9B,
  use_another_server = 0x9C,
  server_moved = 0x9D,
  shared_subscriptions_not_supported = 0x9E,
  connection_rate_exceeded = 0x9F,
  maximum_connect_time = 0xA0,
  subscription_identifiers_not_supported = 0xA1,
  wildcard_subscriptions_not_supported = 0xA2,
};

/// The snake_case name, for logs and metrics; "unknown" for a value that is none of the above.
[[nodiscard]] const char* name(reason_code code) noexcept;

/// Codes from 0x80 on say that something failed.
[[nodiscard]] constexpr bool is_failure(reason_code code) noexcept {
  return static_cast<std::uint8_t>(code) >= 0x80;
}

/// Is the value one of the standard's at all?
[[nodiscard]] bool is_known(std::uint8_t value) noexcept;

/// May a packet of this type, sent by this side, carry the code? [v5 2.4] What the standard's
/// tables leave open is accepted: 0x10 in a client's PUBACK and PUBREC, 0x8C in DISCONNECT.
[[nodiscard]] bool is_allowed(reason_code code, packet_type type, sender from) noexcept;

}  // namespace godwit::mqtt
