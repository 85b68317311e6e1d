#include "connect_rules.hpp"
#include "engine.hpp"

namespace godwit::broker {

namespace {

/// What a 5.0 client is told when its connection ends; nothing where it ended it itself.
std::optional<mqtt::reason_code> goodbye_code(const session::close_reason& reason) {
  using mqtt::reason_code;
  using session::close_cause;
  // Where the cause saw a rule broken, it named the code.
  if (mqtt::is_failure(reason.error.code) && reason.cause != close_cause::client_disconnected) {
    return reason.error.code;
  }
  switch (reason.cause) {
    case close_cause::client_disconnected:
    case close_cause::client_closed:
    case close_cause::connection_lost:
    case close_cause::connect_timeout:
    case close_cause::refused:  // said so in its CONNACK
      return std::nullopt;
    case close_cause::keep_alive_timeout:
      return reason_code::keep_alive_timeout;
    case close_cause::protocol_error:
      return reason_code::protocol_error;
    case close_cause::packet_too_large:
      return reason_code::packet_too_large;
    case close_cause::taken_over:
      return reason_code::session_taken_over;
    case close_cause::not_authorized:
      return reason_code::not_authorized;
    case close_cause::queue_overflow:
    case close_cause::resources:
    case close_cause::low_disk:
      return reason_code::quota_exceeded;
    case close_cause::stalled_reader:
      return reason_code::implementation_specific_error;
    case close_cause::server_stopping:
      return reason_code::server_shutting_down;
    case close_cause::administrative:
      return reason_code::administrative_action;
  }
  return std::nullopt;
}

}  // namespace

/// A 5.0 client may change its mind about its session's expiry [v5 MQTT-3.1.2-23], and says with
/// any code but 0x00 that its will is to be sent. [v5 MQTT-3.14.4-3] [v311 MQTT-3.14.4-3]
shard_engine::handled shard_engine::on_disconnect(connection_handle h, connection& c,
                                                  const mqtt::frame& f) {
  const auto p = mqtt::decode_disconnect(f, c.version);
  if (!p) {
    fail(h, p.error());
    return handled::ended;
  }
  if (const auto asked = p->properties.session_expiry_interval()) {
    if (*asked != 0 && !c.v5->asked_to_outlive) {
      fail(h, {mqtt::reason_code::protocol_error, "v5 3.14.2.2.2",
               "DISCONNECT gives a session an expiry that its CONNECT did not"});
      return handled::ended;
    }
    set_expiry(sessions_.at(c.session), granted_expiry(*asked, options.limits), true);
  }
  doom(h, {session::close_cause::client_disconnected, {p->code, "", ""}});
  return handled::ended;
}

/// The last packet of a connection that we end. Only after CONNACK [v5 MQTT-3.14.0-1], and nothing
/// follows it [v5 MQTT-3.14.4-1].
void shard_engine::say_goodbye(connection_handle h, connection& c,
                               const session::close_reason& reason) {
  if (c.at != phase::live || !c.has_transport ||
      !mqtt::policy_for(c.version).server_sends_disconnect) {
    return;
  }
  const auto code = goodbye_code(reason);
  if (!code) return;
  GODWIT_ASSERT(mqtt::is_allowed(*code, mqtt::packet_type::disconnect, mqtt::sender::server));
  base::bytes& out = output(h, c).bytes();
  const std::size_t before = out.size();
  composed_.clear();
  if (reason.error.what[0] != '\0') {
    mqtt::properties_builder{composed_}.add(mqtt::property_id::reason_string,
                                            std::string_view{reason.error.what});
  }
  mqtt::encode(mqtt::disconnect_view{*code, mqtt::properties_view{composed_}}, c.version, out);
  if (out.size() - before > c.v5->packet_bytes_max) {  // [v5 MQTT-3.14.2-3]
    out.resize(before);
    mqtt::encode(mqtt::disconnect_view{*code, {}}, c.version, out);
  }
  if (out.size() - before > c.v5->packet_bytes_max) {
    out.resize(before);
    return;
  }
  count_sent(mqtt::packet_type::disconnect);
}

}  // namespace godwit::broker
