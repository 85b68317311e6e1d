#include "connect_rules.hpp"

#include <godwit/mqtt/properties.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/mqtt/utf8.hpp>
#include <godwit/mqtt/version_policy.hpp>

#include <algorithm>
#include <limits>
#include <string>

namespace godwit::broker {

namespace {

constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();
/// Above it a Receive Maximum says nothing.
constexpr std::uint16_t receive_maximum_default = std::numeric_limits<std::uint16_t>::max();

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

using verdict = std::optional<mqtt::protocol_error>;

verdict refusal(mqtt::reason_code code, const char* clause, const char* what) {
  return mqtt::protocol_error{code, clause, what};
}

verdict judge_client_id(const mqtt::connect_view& p, const session::limits& l) {
  using mqtt::reason_code;
  const bool is_v31 = p.version == mqtt::protocol_version::v31;
  if (p.client_id.empty() && is_v31) {
    return refusal(reason_code::client_identifier_not_valid, "v31 M31-id-3",
                   "an empty client identifier");
  }
  if (p.client_id.empty() && !p.clean_start &&
      mqtt::policy_for(p.version).empty_id_needs_clean_start) {
    return refusal(reason_code::client_identifier_not_valid, "v311 MQTT-3.1.3-8",
                   "an empty client identifier without clean session");
  }
  if (p.client_id.size() > l.client_id_bytes_max) {
    return refusal(reason_code::client_identifier_not_valid, "v311 MQTT-3.1.3-9",
                   "a client identifier above connection.client_id_bytes_max");
  }
  if (is_v31 && l.mqtt31_client_id_chars_max != 0 &&
      characters(p.client_id) > l.mqtt31_client_id_chars_max) {
    return refusal(reason_code::client_identifier_not_valid, "v31 M31-id-2",
                   "a client identifier above protocol.mqtt31.client_id_chars_max");
  }
  return std::nullopt;
}

verdict judge_will(const mqtt::will_view& w, const session::limits& l) {
  using mqtt::reason_code;
  if (w.topic.size() > l.topic_bytes_max || mqtt::topic_levels(w.topic) > l.topic_levels_max) {
    return refusal(reason_code::topic_name_invalid, "",
                   "a will topic above connection.topic_bytes_max or topic_levels_max");
  }
  if (w.quality > l.maximum_qos) {
    return refusal(reason_code::qos_not_supported, "v5 MQTT-3.2.2-12",
                   "a will QoS above protocol.maximum_qos");
  }
  if (w.retain && !l.retain_available) {
    return refusal(reason_code::retain_not_supported, "v5 MQTT-3.2.2-13",
                   "will retain without protocol.retain_available");
  }
  if (l.payload_format_check && w.properties.payload_format_indicator().value_or(0) == 1 &&
      !is_utf8_payload(w.payload)) {
    return refusal(reason_code::payload_format_invalid, "",
                   "a will payload that is not the UTF-8 it says it is");
  }
  return std::nullopt;
}

bool is_keep_alive_refused(const mqtt::connect_view& p, const session::limits& l) {
  return l.keep_alive_max_s != 0 && !mqtt::policy_for(p.version).keep_alive_by_server &&
         (p.keep_alive_s == 0 || p.keep_alive_s > l.keep_alive_max_s);
}

/// "%c" stands for the client id.
std::string response_information(const std::string& pattern, std::string_view client_id) {
  std::string text = pattern;
  for (auto at = text.find("%c"); at != std::string::npos;
       at = text.find("%c", at + client_id.size())) {
    text.replace(at, 2, client_id);
  }
  return text;
}

}  // namespace

bool is_utf8_payload(base::bytes_view payload) {
  std::string_view rest = base::as_text(payload);
  for (;;) {
    const std::size_t end = rest.find('\0');
    if (!mqtt::is_valid_utf8(rest.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    rest.remove_prefix(end + 1);
  }
}

bool has_too_many_user_properties(const mqtt::properties_view& p,
                                  const session::limits& l) noexcept {
  constexpr std::size_t smallest = 5;  // one with two empty strings
  if (l.user_properties_max == 0 || p.bytes().size() / smallest <= l.user_properties_max) {
    return false;
  }
  std::size_t count = 0;
  for (auto all = p.all(); const auto one = all.next();) {
    if (one->id == mqtt::property_id::user_property) ++count;
  }
  return count > l.user_properties_max;
}

std::optional<mqtt::protocol_error> judge_connect(const mqtt::connect_view& p,
                                                  const session::limits& l) {
  if (has_too_many_user_properties(p.properties, l) ||
      (p.will && has_too_many_user_properties(p.will->properties, l))) {
    return refusal(mqtt::reason_code::quota_exceeded, "", too_many_properties);
  }
  if (const auto wrong = judge_client_id(p, l)) return wrong;
  if (is_keep_alive_refused(p, l)) {
    return refusal(mqtt::reason_code::server_unavailable, "",
                   "a keep alive above connection.keep_alive_max");
  }
  return p.will ? judge_will(*p.will, l) : std::nullopt;
}

std::uint32_t granted_expiry(std::uint32_t asked_s, const session::limits& l) noexcept {
  const auto most = l.session_expiry.count();
  if (most == 0 || most >= std::int64_t{never}) return asked_s;
  return std::min(asked_s, static_cast<std::uint32_t>(most));
}

std::uint32_t granted_expiry(const mqtt::connect_view& p, const session::limits& l) {
  if (!mqtt::policy_for(p.version).session_expires_as_asked) {
    return p.clean_start ? 0 : granted_expiry(never, l);
  }
  return granted_expiry(p.properties.session_expiry_interval().value_or(0), l);
}

std::uint16_t granted_keep_alive(const mqtt::connect_view& p, const session::limits& l) noexcept {
  const bool is_over =
      l.keep_alive_max_s != 0 && (p.keep_alive_s == 0 || p.keep_alive_s > l.keep_alive_max_s);
  return is_over ? l.keep_alive_max_s : p.keep_alive_s;
}

base::bytes connack_properties(const mqtt::connect_view& p, const session::limits& l,
                               std::string_view client_id, base::bytes_view login_data) {
  using mqtt::property_id;
  base::bytes out;
  mqtt::properties_builder to{out};
  const std::uint32_t expiry = granted_expiry(p, l);
  if (expiry != p.properties.session_expiry_interval().value_or(0)) {
    to.add(property_id::session_expiry_interval, expiry);
  }
  if (l.receive_maximum != receive_maximum_default) {
    to.add(property_id::receive_maximum, std::uint32_t{l.receive_maximum});
  }
  if (l.maximum_qos != mqtt::qos::exactly_once) {
    to.add(property_id::maximum_qos, static_cast<std::uint32_t>(l.maximum_qos));
  }
  if (!l.retain_available) to.add(property_id::retain_available, 0U);
  to.add(property_id::maximum_packet_size, l.packet_bytes_max);
  if (p.client_id.empty()) to.add(property_id::assigned_client_identifier, client_id);
  if (l.topic_alias_max != 0) {
    to.add(property_id::topic_alias_maximum, std::uint32_t{l.topic_alias_max});
  }
  if (!l.wildcards_available) to.add(property_id::wildcard_subscription_available, 0U);
  if (!l.subscription_identifiers_available) {
    to.add(property_id::subscription_identifier_available, 0U);
  }
  if (!l.shared_available) to.add(property_id::shared_subscription_available, 0U);
  const std::uint16_t keep_alive = granted_keep_alive(p, l);
  if (keep_alive != p.keep_alive_s) {
    to.add(property_id::server_keep_alive, std::uint32_t{keep_alive});
  }
  // [v5 MQTT-4.12.0-5] [v5 MQTT-4.12.0-6]
  if (const auto method = p.properties.authentication_method()) {
    to.add(property_id::authentication_method, *method);
    if (!login_data.empty()) to.add(property_id::authentication_data, login_data);
  }
  // [v5 MQTT-3.1.2-28]
  if (!l.response_information.empty() &&
      p.properties.request_response_information().value_or(false)) {
    const std::string text = response_information(l.response_information, client_id);
    if (text.size() <= std::numeric_limits<std::uint16_t>::max()) {
      to.add(property_id::response_information, std::string_view{text});
    }
  }
  return out;
}

}  // namespace godwit::broker
