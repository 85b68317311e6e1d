#include "engine.hpp"

namespace godwit::broker {

namespace {

using observe::connect_refusal;

connect_refusal counted_as(mqtt::reason_code code) noexcept {
  using mqtt::reason_code;
  static constexpr std::pair<reason_code, connect_refusal> known[]{
      {reason_code::malformed_packet, connect_refusal::malformed},
      {reason_code::protocol_error, connect_refusal::malformed},
      {reason_code::topic_name_invalid, connect_refusal::malformed},
      {reason_code::unsupported_protocol_version, connect_refusal::unsupported_version},
      {reason_code::client_identifier_not_valid, connect_refusal::client_id},
      {reason_code::bad_user_name_or_password, connect_refusal::bad_login},
      {reason_code::not_authorized, connect_refusal::not_authorized},
      {reason_code::server_unavailable, connect_refusal::unavailable},
      {reason_code::server_busy, connect_refusal::unavailable},
  };
  for (const auto& [from, to] : known) {
    if (from == code) return to;
  }
  return connect_refusal::not_supported;
}

}  // namespace

/// Says no to a CONNECT and closes; the answer has the form of the client's version, and what has
/// no code there is a plain close. [v311 MQTT-3.2.2-5] [v311 MQTT-3.2.2-6] [v311 MQTT-3.1.4-1]
/// [v5 MQTT-3.2.2-7]
void shard_engine::refuse(connection_handle h, const mqtt::protocol_error& error,
                          std::optional<observe::connect_refusal> counted) {
  ports.counters.add(counted.value_or(counted_as(error.code)));
  connection& c = connections_.at(h);
  const bool has_words = c.names_version && mqtt::policy_for(c.version).has_reason_codes;
  std::optional<std::uint8_t> code;
  if (has_words) {
    code = static_cast<std::uint8_t>(error.code);
  } else if (c.names_version && error.code != mqtt::reason_code::malformed_packet &&
             error.code != mqtt::reason_code::protocol_error) {
    code = mqtt::connack_code_v3(error.code);
  }
  if (code) {
    answer a{.type = mqtt::packet_type::connack, .code = *code};
    a.detail().what = error.what;
    write_answer(h, c, a);
  }
  doom(h, {session::close_cause::refused, error});
}

/// Two devices with one client id take it from each other for ever, so after a few times the one
/// that holds it keeps it for a while.
bool shard_engine::may_take_over(connection_handle h, const connection& c, std::string_view id) {
  if (takeovers_.admits(id, now.steady)) return true;
  log_refusal("client.taken_over_too_often", {{"client", id},
                                              {"peer", std::string_view{c.peer.address}},
                                              {"limit", "session.takeovers_max"}});
  refuse(h,
         {mqtt::policy_for(c.version).has_reason_codes ? mqtt::reason_code::quota_exceeded
                                                       : mqtt::reason_code::server_unavailable,
          "v311 MQTT-3.2.2-5", "the client id is taken over too often (session.takeovers_max)"},
         connect_refusal::taken_over_too_often);
  return false;
}

}  // namespace godwit::broker
