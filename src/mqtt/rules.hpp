#pragma once

#include <godwit/mqtt/error.hpp>
#include <godwit/mqtt/types.hpp>

/// Every rule that decoding can find broken: what a MQTT 5 peer is told, the clause per version,
/// and the words for the log. The decoders name the rule and nothing else.

namespace godwit::mqtt {

struct rule {
  reason_code code;
  const char* v31;
  const char* v311;
  const char* v5;
  const char* what;
};

[[nodiscard]] constexpr protocol_error broken(const rule& r, protocol_version version) noexcept {
  const char* clause = version == protocol_version::v5     ? r.v5
                       : version == protocol_version::v311 ? r.v311
                                                           : r.v31;
  return {r.code, clause, r.what};
}

namespace rules {

inline constexpr auto malformed = reason_code::malformed_packet;
inline constexpr auto error = reason_code::protocol_error;

// Fixed header.
inline constexpr rule first_packet_is_connect{error, "v31 M31-proto-3", "v311 MQTT-3.1.0-1",
                                              "v5 MQTT-3.1.0-1", "first packet is not CONNECT"};
inline constexpr rule type_reserved{malformed, "v31 M31-hdr-1", "v311 2.2.1", "v5 2.1.2",
                                    "reserved packet type"};
inline constexpr rule type_misdirected{error, "v31 M31-hdr-2", "v311 2.2.1", "v5 2.1.2",
                                       "packet type that this side may not send"};
inline constexpr rule header_flags{malformed, "v31 M31-flags-5", "v311 MQTT-2.2.2-2",
                                   "v5 MQTT-2.1.3-1", "reserved fixed header flags"};
inline constexpr rule length_too_long{malformed, "v31 M31-hdr-2", "v311 2.2.3", "v5 1.5.5",
                                      "remaining length of more than four bytes"};
inline constexpr rule length_not_shortest{malformed, "v31 M31-hdr-2", "v311 2.2.3",
                                          "v5 MQTT-1.5.5-1",
                                          "remaining length not in its shortest form"};
inline constexpr rule too_large{reason_code::packet_too_large, "v31 M31-hdr-2", "v311 2.2.3",
                                "v5 MQTT-3.2.2-15", "packet larger than the limit"};

// Every packet.
inline constexpr rule truncated{malformed, "v31 M31-err-1", "v311 MQTT-4.8.0-1", "v5 MQTT-4.13.1-1",
                                "field runs past the end of the packet"};
inline constexpr rule leftover{malformed, "v31 M31-err-1", "v311 MQTT-4.8.0-1", "v5 MQTT-4.13.1-1",
                               "bytes behind the last field"};
inline constexpr rule text_not_utf8{
    malformed, "v31 M31-utf8-1", "v311 MQTT-1.5.3-1 v311 MQTT-1.5.3-2",
    "v5 MQTT-1.5.4-1 v5 MQTT-1.5.4-2", "text is not UTF-8 or contains U+0000"};
inline constexpr rule packet_id_zero{error, "v31 M31-mid-1", "v311 MQTT-2.3.1-1", "v5 MQTT-2.2.1-3",
                                     "packet identifier 0"};
inline constexpr rule code_unknown{malformed, "v31 M31-connack-2", "v311 MQTT-3.9.3-2", "v5 2.4",
                                   "unknown return or reason code"};
inline constexpr rule code_misplaced{error, "v31 M31-sub-2", "v311 MQTT-3.9.3-2", "v5 2.4",
                                     "reason code that this packet may not carry"};
inline constexpr rule body_not_empty{malformed, "v31 M31-err-1", "v311 MQTT-4.8.0-1",
                                     "v5 MQTT-4.13.1-1", "packet without fields has a body"};
inline constexpr rule property_length{malformed, "", "", "v5 2.2.2.1",
                                      "property length is wrong or missing"};

// CONNECT.
inline constexpr rule protocol_name{malformed, "v31 M31-proto-2", "v311 MQTT-3.1.2-1",
                                    "v5 MQTT-3.1.2-1", "unknown protocol name"};
inline constexpr rule protocol_level{reason_code::unsupported_protocol_version, "v31 M31-proto-2",
                                     "v311 MQTT-3.1.2-2", "v5 MQTT-3.1.2-2",
                                     "protocol level not supported"};
inline constexpr rule connect_truncated{malformed, "v31 M31-proto-5", "v311 MQTT-3.1.4-1",
                                        "v5 MQTT-3.1.4-1",
                                        "CONNECT ends before its last announced field"};
inline constexpr rule connect_flag_0{malformed, "v31 M31-flags-6", "v311 MQTT-3.1.2-3",
                                     "v5 MQTT-3.1.2-3", "reserved connect flag is set"};
inline constexpr rule will_bits{
    malformed, "v31 M31-will-4", "v311 MQTT-3.1.2-11 v311 MQTT-3.1.2-13 v311 MQTT-3.1.2-15",
    "v5 MQTT-3.1.2-11 v5 MQTT-3.1.2-13", "will QoS or will retain without a will"};
inline constexpr rule will_qos_3{malformed, "v31 M31-will-5", "v311 MQTT-3.1.2-14",
                                 "v5 MQTT-3.1.2-12", "will QoS 3"};
inline constexpr rule will_missing{malformed, "v31 M31-will-3", "v311 MQTT-3.1.2-9",
                                   "v5 MQTT-3.1.2-9", "will flag without a whole will"};
inline constexpr rule will_topic{
    reason_code::topic_name_invalid, "v31 M31-pub-1", "v311 MQTT-3.3.2-2 v311 MQTT-4.7.3-1",
    "v5 MQTT-3.3.2-2 v5 MQTT-4.7.3-1", "will topic is empty or has wildcards"};
inline constexpr rule password_alone{malformed, "v31 M31-auth-2", "v311 MQTT-3.1.2-22", "",
                                     "password without a user name"};
inline constexpr rule client_id_missing{malformed, "v31 M31-proto-5", "v311 MQTT-3.1.3-3",
                                        "v5 MQTT-3.1.3-3", "CONNECT without a client identifier"};
inline constexpr rule user_name_missing{malformed, "v31 M31-auth-3", "v311 MQTT-3.1.2-19",
                                        "v5 MQTT-3.1.2-17",
                                        "announced user name is cut or missing"};
inline constexpr rule password_missing{malformed, "v31 M31-auth-4", "v311 MQTT-3.1.2-21",
                                       "v5 MQTT-3.1.2-19", "announced password is cut or missing"};
inline constexpr rule connect_leftover{
    malformed, "v31 M31-proto-5", "v311 MQTT-3.1.2-18 v311 MQTT-3.1.2-20",
    "v5 MQTT-3.1.2-16 v5 MQTT-3.1.2-18", "bytes behind the last announced field of CONNECT"};

// CONNACK.
inline constexpr rule connack_flags{malformed, "v31 M31-connack-1", "v311 3.2.2.1",
                                    "v5 MQTT-3.2.2-1", "reserved CONNACK flags"};
inline constexpr rule session_present_refused{error, "v31 M31-connack-1", "v311 MQTT-3.2.2-4",
                                              "v5 MQTT-3.2.2-6",
                                              "session present in a refusing CONNACK"};

// PUBLISH.
inline constexpr rule publish_qos_3{malformed, "v31 M31-hdr-3", "v311 MQTT-3.3.1-4",
                                    "v5 MQTT-3.3.1-4", "PUBLISH with QoS 3"};
inline constexpr rule publish_dup{malformed, "v31 M31-flags-7", "v311 MQTT-3.3.1-2",
                                  "v5 MQTT-3.3.1-2", "PUBLISH with DUP and QoS 0"};
inline constexpr rule publish_truncated{malformed, "v31 M31-err-1", "v311 MQTT-3.3.2-1",
                                        "v5 MQTT-3.3.2-1", "PUBLISH shorter than its fields"};
inline constexpr rule topic_wildcard{reason_code::topic_name_invalid, "v31 M31-pub-1",
                                     "v311 MQTT-3.3.2-2", "v5 MQTT-3.3.2-2",
                                     "wildcard in a topic name"};
inline constexpr rule topic_empty{error, "v31 M31-topic-1", "v311 MQTT-4.7.3-1", "v5 MQTT-4.7.3-1",
                                  "PUBLISH without a topic"};

// SUBSCRIBE and UNSUBSCRIBE.
inline constexpr rule no_filters{error, "v31 M31-sub-7", "v311 MQTT-3.8.3-3 v311 MQTT-3.10.3-2",
                                 "v5 MQTT-3.8.3-2 v5 MQTT-3.10.3-2", "no topic filter"};
inline constexpr rule filter_empty{malformed, "v31 M31-topic-1", "v311 MQTT-4.7.3-1",
                                   "v5 MQTT-4.7.3-1", "empty topic filter"};
inline constexpr rule filter_wildcard{
    malformed, "v31 M31-topic-3 v31 M31-topic-4", "v311 MQTT-4.7.1-2 v311 MQTT-4.7.1-3",
    "v5 MQTT-4.7.1-1 v5 MQTT-4.7.1-2", "misplaced wildcard in a topic filter"};
inline constexpr rule options_reserved{malformed, "v31 M31-sub-6", "v311 MQTT-3.8.3-4",
                                       "v5 MQTT-3.8.3-5", "reserved subscription option bits"};
inline constexpr rule options_qos_3{error, "v31 M31-sub-6", "v311 MQTT-3.8.3-4", "v5 3.8.3.1",
                                    "subscription with QoS 3"};
inline constexpr rule options_retain{error, "", "", "v5 3.8.3.1 v5 MQTT-3.3.1-11",
                                     "retain handling 3"};
inline constexpr rule shared_no_local{error, "", "", "v5 MQTT-3.8.3-4",
                                      "no local on a shared subscription"};

// AUTH.
inline constexpr rule auth_method_missing{error, "", "", "v5 3.15.2.2.2",
                                          "AUTH without an authentication method"};

}  // namespace rules
}  // namespace godwit::mqtt
