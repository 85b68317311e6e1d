#pragma once

#include <godwit/mqtt/reason_code.hpp>
#include <godwit/mqtt/types.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <cstdint>
#include <optional>

namespace godwit::mqtt {

/// How one protocol version differs from the others: plain data, asked instead of the version
/// number. Each member names a rule that at least one version does not share.
struct version_policy {
  protocol_version version;

  // Fixed header.
  /// Reserved flag bits must hold their value; otherwise all flags but those of PUBLISH are
  /// ignored. [v311 MQTT-2.2.2-2] [v5 MQTT-2.1.3-1] [v31 M31-flags-5]
  bool strict_header_flags;
  /// DUP may repeat a SUBSCRIBE, UNSUBSCRIBE or PUBREL. [v31 M31-flags-2]
  bool dup_on_requests;
  /// DUP on a QoS 0 PUBLISH is an error, else it means nothing. [v311 MQTT-3.3.1-2]
  bool strict_publish_dup;
  /// Type 15 is AUTH; otherwise reserved. [v31 M31-hdr-1]
  bool has_auth_packet;
  /// The server, too, may send DISCONNECT. [v31 M31-err-1]
  bool server_sends_disconnect;

  // CONNECT.
  /// Connect flag bit 0 must be 0. [v311 MQTT-3.1.2-3] [v31 M31-flags-6]
  bool strict_connect_flag_0;
  /// Without the will flag, will QoS and will retain must be 0. [v311 MQTT-3.1.2-11] [v31
  /// M31-will-4]
  bool strict_will_bits;
  /// A password may come without a user name. [v311 MQTT-3.1.2-22] [v5 MQTT-3.1.2-19]
  bool password_without_user_name;
  /// An announced user name or password that is wholly missing is taken as not given.
  /// [v31 M31-auth-3] [v31 M31-auth-4]
  bool missing_credentials_tolerated;
  /// A user name or password that is there without its flag is disregarded. [v31 M31-auth-1]
  bool unannounced_credentials_disregarded;

  // Everywhere.
  utf8_dialect text_dialect;  ///< [v31 M31-utf8-1]
  bool has_properties;
  bool has_reason_codes;  ///< In acknowledgements, DISCONNECT and UNSUBACK.
  bool has_topic_alias;   ///< An empty topic in a PUBLISH can mean one.

  // SUBSCRIBE and answers.
  /// Bits of the options byte that must be 0; the others may mean something or are ignored.
  std::uint8_t subscribe_reserved_bits;
  bool has_subscription_options;  ///< No Local, Retain As Published, Retain Handling.
  /// A filter with misplaced wildcards spoils the whole packet; otherwise it gets a code of its own
  /// in the SUBACK. [v311 MQTT-4.7.1-2] [v5 MQTT-4.7.1-1]
  bool bad_filter_is_malformed;
  /// CONNACK byte 1 bit 0 says "session present"; otherwise the byte is unused. [v31 M31-connack-1]
  bool has_session_present;
  /// SUBACK can say 0x80. [v311 MQTT-3.9.3-2] [v31 M31-sub-2]
  bool suback_has_failure;

  // Behaviour.
  /// A client without a client id must ask for a clean session. [v311 MQTT-3.1.3-7]
  bool empty_id_needs_clean_start;
  /// The client says how long its session outlives the connection; otherwise "clean session" says
  /// whether, and the configuration how long. [v5 MQTT-3.1.2-23]
  bool session_expires_as_asked;
  /// The server may name another keep alive; otherwise it can only refuse. [v5 MQTT-3.1.2-21]
  bool keep_alive_by_server;
  /// A takeover judges the will by its delay; otherwise the configuration decides. [v5
  /// MQTT-3.1.3-9]
  bool has_will_delay;
};

[[nodiscard]] const version_policy& policy_for(protocol_version version) noexcept;

/// The CONNACK return code by which a 3.x client is refused (or 0 for success). Nothing: none of
/// the codes fits, close without CONNACK. [v311 MQTT-3.2.2-6] [v31 M31-connack-2]
[[nodiscard]] std::optional<std::uint8_t> connack_code_v3(reason_code code) noexcept;

}  // namespace godwit::mqtt
