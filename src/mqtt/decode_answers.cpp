#include "fields.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/version_policy.hpp>

/// What answers something: PUBACK to PUBCOMP, CONNACK, SUBACK, UNSUBACK.

namespace godwit::mqtt {
namespace {

[[nodiscard]] property_owner owner_of(packet_type type) noexcept {
  switch (type) {
    case packet_type::puback:
      return property_owner::puback;
    case packet_type::pubrec:
      return property_owner::pubrec;
    case packet_type::pubrel:
      return property_owner::pubrel;
    default:  // The caller sends nothing but the four.
      GODWIT_ASSERT(type == packet_type::pubcomp);
      return property_owner::pubcomp;
  }
}

/// Return codes of 3.x: 0 to 5 in CONNACK; a granted QoS or, from 3.1.1 on, 0x80 in SUBACK.
[[nodiscard]] bool is_suback_code_v3(std::uint8_t code, const version_policy& policy) noexcept {
  return code <= 2 || (code == 0x80 && policy.suback_has_failure);
}

[[nodiscard]] result<void> check_codes(bytes_view codes, packet_type type, sender from,
                                       const version_policy& policy) noexcept {
  if (codes.empty()) return broken(rules::truncated, policy.version);
  for (const std::byte b : codes) {
    const auto code = std::to_integer<std::uint8_t>(b);
    if (policy.has_reason_codes) {
      if (auto checked = check_code(code, type, from); !checked) return checked.error();
    } else if (!is_suback_code_v3(code, policy)) {
      return broken(rules::code_unknown, policy.version);
    }
  }
  return {};
}

}  // namespace

result<ack_view> decode_ack(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  wire::reader in{f.body};
  ack_view ack;
  ack.type = f.type;
  const auto id = read_packet_id(in, v, rules::truncated);
  if (!id) return id.error();
  ack.id = *id;
  if (policy.has_reason_codes && !in.empty()) {
    std::uint8_t code = 0;
    static_cast<void>(in.u8(code));
    if (auto checked = check_code(code, f.type, f.from); !checked) return checked.error();
    ack.code = static_cast<reason_code>(code);
    if (!in.empty()) {  // Three bytes: a code, and no property length. [v5 3.4.2.1]
      const auto properties = read_properties(in, policy, owner_of(f.type), f.from);
      if (!properties) return properties.error();
      ack.properties = *properties;
    }
  }
  if (auto ended = check_end(in, v); !ended) return ended.error();
  return ack;
}

result<connack_view> decode_connack(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  wire::reader in{f.body};
  connack_view connack;
  std::uint8_t flags = 0;
  if (!in.u8(flags) || !in.u8(connack.code)) return broken(rules::truncated, v);
  if (policy.has_session_present) {
    if (flags > 1) return broken(rules::connack_flags, v);
    connack.session_present = flags == 1;
  }
  if (policy.has_reason_codes) {
    auto checked = check_code(connack.code, packet_type::connack, f.from);
    if (!checked) return checked.error();
  } else if (connack.code > 5) {
    return broken(rules::code_unknown, v);
  }
  if (connack.session_present && connack.code != 0) {
    return broken(rules::session_present_refused, v);
  }
  const auto properties = read_properties(in, policy, property_owner::connack, f.from);
  if (!properties) return properties.error();
  connack.properties = *properties;
  if (auto ended = check_end(in, v); !ended) return ended.error();
  return connack;
}

result<suback_view> decode_suback(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  const bool unsuback = f.type == packet_type::unsuback;
  wire::reader in{f.body};
  suback_view suback;
  suback.type = f.type;
  const auto id = read_packet_id(in, v, rules::truncated);
  if (!id) return id.error();
  suback.id = *id;
  const auto owner = unsuback ? property_owner::unsuback : property_owner::suback;
  const auto properties = read_properties(in, policy, owner, f.from);
  if (!properties) return properties.error();
  suback.properties = *properties;
  suback.codes = in.rest();
  if (unsuback && !policy.has_reason_codes) {
    if (auto ended = check_end(in, v); !ended) return ended.error();
    return suback;
  }
  if (auto checked = check_codes(suback.codes, f.type, f.from, policy); !checked) {
    return checked.error();
  }
  return suback;
}

}  // namespace godwit::mqtt
