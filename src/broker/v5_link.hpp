#pragma once

#include <godwit/auth/exchange.hpp>
#include <godwit/mqtt/properties.hpp>
#include <godwit/session/receive_quota.hpp>
#include <godwit/session/topic_aliases.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace godwit::broker {

/// The enhanced authentication of a client whose CONNECT names a method. [v5 4.12]
struct enhanced_login {
  std::string method;
  std::unique_ptr<auth::exchange> steps;  ///< under way; null: none is
  base::bytes connect;                    ///< until the first exchange is over
  auth::verdict end{};                    ///< of it, for a moment
};

/// What only a connection of MQTT 5 has: what its CONNECT allowed, and what lives no longer than
/// the connection.
struct v5_link {
  explicit v5_link(const mqtt::properties_view& connect)
      : packet_bytes_max{connect.maximum_packet_size().value_or(
            std::numeric_limits<std::uint32_t>::max())},
        receive_maximum{
            connect.receive_maximum().value_or(std::numeric_limits<std::uint16_t>::max())},
        wants_problem_information{connect.request_problem_information().value_or(true)},
        asked_to_outlive{connect.session_expiry_interval().value_or(0) != 0} {
    if (const auto method = connect.authentication_method()) {
      login = std::make_unique<enhanced_login>();
      login->method = *method;
    }
  }

  /// Of a packet to the client. [v5 MQTT-3.1.2-24]
  std::uint32_t packet_bytes_max;
  /// QoS 1 and 2 messages to the client on their way. [v5 MQTT-3.3.4-9]
  std::uint16_t receive_maximum;
  bool wants_problem_information;  ///< [v5 MQTT-3.1.2-29]
  /// The CONNECT's Session Expiry Interval was not 0, so DISCONNECT may name another one.
  bool asked_to_outlive;
  std::unique_ptr<enhanced_login> login;  ///< null: no method
  session::receive_quota received;
  session::incoming_aliases incoming;
  session::outgoing_aliases outgoing;
};

}  // namespace godwit::broker
