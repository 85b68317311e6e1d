#include <godwit/mqtt/reason_code.hpp>

#include <array>

namespace godwit::mqtt {
namespace {

using mask = std::uint16_t;

template <class... Types>
constexpr mask in(Types... types) noexcept {
  return static_cast<mask>(((1U << static_cast<unsigned>(types)) | ... | 0U));
}

struct row {
  reason_code code;
  const char* name;
  mask either;           // Packet types that may carry it, whoever sends them.
  mask server_only = 0;  // DISCONNECT and AUTH as the server sends them.
  mask client_only = 0;
};

using enum packet_type;
constexpr mask acked_publish = in(puback, pubrec);
constexpr mask acked_requests = in(puback, pubrec, suback, unsuback);

// [v5 2.4] Never renumber.
constexpr std::array rows{
    row{reason_code::success, "success",
        in(connack, puback, pubrec, pubrel, pubcomp, suback, unsuback, disconnect), in(auth)},
    row{reason_code::granted_qos_1, "granted_qos_1", in(suback)},
    row{reason_code::granted_qos_2, "granted_qos_2", in(suback)},
    row{reason_code::disconnect_with_will, "disconnect_with_will", 0, 0, in(disconnect)},
    row{reason_code::no_matching_subscribers, "no_matching_subscribers", acked_publish},
    row{reason_code::no_subscription_existed, "no_subscription_existed", in(unsuback)},
    row{reason_code::continue_authentication, "continue_authentication", in(auth)},
    row{reason_code::re_authenticate, "re_authenticate", 0, 0, in(auth)},
    row{reason_code::unspecified_error, "unspecified_error",
        acked_requests | in(connack, disconnect)},
    row{reason_code::malformed_packet, "malformed_packet", in(connack, disconnect)},
    row{reason_code::protocol_error, "protocol_error", in(connack, disconnect)},
    row{reason_code::implementation_specific_error, "implementation_specific_error",
        acked_requests | in(connack, disconnect)},
    row{reason_code::unsupported_protocol_version, "unsupported_protocol_version", in(connack)},
    row{reason_code::client_identifier_not_valid, "client_identifier_not_valid", in(connack)},
    row{reason_code::bad_user_name_or_password, "bad_user_name_or_password", in(connack)},
    row{reason_code::not_authorized, "not_authorized", acked_requests | in(connack),
        in(disconnect)},
    row{reason_code::server_unavailable, "server_unavailable", in(connack)},
    row{reason_code::server_busy, "server_busy", in(connack), in(disconnect)},
    row{reason_code::banned, "banned", in(connack)},
    row{reason_code::server_shutting_down, "server_shutting_down", 0, in(disconnect)},
    row{reason_code::bad_authentication_method, "bad_authentication_method",
        in(connack, disconnect)},
    row{reason_code::keep_alive_timeout, "keep_alive_timeout", 0, in(disconnect)},
    row{reason_code::session_taken_over, "session_taken_over", 0, in(disconnect)},
    row{reason_code::topic_filter_invalid, "topic_filter_invalid", in(suback, unsuback),
        in(disconnect)},
    row{reason_code::topic_name_invalid, "topic_name_invalid",
        acked_publish | in(connack, disconnect)},
    row{reason_code::packet_identifier_in_use, "packet_identifier_in_use", acked_requests},
    row{reason_code::packet_identifier_not_found, "packet_identifier_not_found",
        in(pubrel, pubcomp)},
    row{reason_code::receive_maximum_exceeded, "receive_maximum_exceeded", in(disconnect)},
    row{reason_code::topic_alias_invalid, "topic_alias_invalid", in(disconnect)},
    row{reason_code::packet_too_large, "packet_too_large", in(connack, disconnect)},
    row{reason_code::message_rate_too_high, "message_rate_too_high", in(disconnect)},
    row{reason_code::quota_exceeded, "quota_exceeded",
        acked_publish | in(connack, suback, disconnect)},
    row{reason_code::administrative_action, "administrative_action", in(disconnect)},
    row{reason_code::payload_format_invalid, "payload_format_invalid",
        acked_publish | in(connack, disconnect)},
    row{reason_code::retain_not_supported, "retain_not_supported", in(connack), in(disconnect)},
    row{reason_code::qos_not_supported, "qos_not_supported", in(connack), in(disconnect)},
    row{reason_code::use_another_server, "use_another_server", in(connack), in(disconnect)},
    row{reason_code::server_moved, "server_moved", in(connack), in(disconnect)},
    row{reason_code::shared_subscriptions_not_supported, "shared_subscriptions_not_supported",
        in(suback), in(disconnect)},
    row{reason_code::connection_rate_exceeded, "connection_rate_exceeded", in(connack),
        in(disconnect)},
    row{reason_code::maximum_connect_time, "maximum_connect_time", 0, in(disconnect)},
    row{reason_code::subscription_identifiers_not_supported,
        "subscription_identifiers_not_supported", in(suback), in(disconnect)},
    row{reason_code::wildcard_subscriptions_not_supported, "wildcard_subscriptions_not_supported",
        in(suback), in(disconnect)},
};
static_assert(rows.size() == 43);

struct permissions {
  mask client = 0;
  mask server = 0;
};

constexpr std::array<permissions, 256> make_permissions() noexcept {
  std::array<permissions, 256> table{};
  for (const row& r : rows) {
    auto& entry = table[static_cast<std::uint8_t>(r.code)];
    entry.client = static_cast<mask>(r.either | r.client_only);
    entry.server = static_cast<mask>(r.either | r.server_only);
  }
  return table;
}
constexpr auto permitted = make_permissions();

}  // namespace

const char* name(reason_code code) noexcept {
  for (const row& r : rows) {
    if (r.code == code) return r.name;
  }
  return "unknown";
}

bool is_known(std::uint8_t value) noexcept {
  return (permitted[value].client | permitted[value].server) != 0;
}

bool is_allowed(reason_code code, packet_type type, sender from) noexcept {
  const permissions& p = permitted[static_cast<std::uint8_t>(code)];
  const unsigned types = from == sender::client ? p.client : p.server;
  return ((types >> static_cast<unsigned>(type)) & 1U) != 0;
}

}  // namespace godwit::mqtt
