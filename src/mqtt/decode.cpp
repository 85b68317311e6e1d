#include "fields.hpp"
#include "header_flags.hpp"

#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

template <class View>
[[nodiscard]] result<packet_view> widen(const result<View>& r) noexcept {
  if (!r) return r.error();
  return packet_view{*r};
}

template <class View>
[[nodiscard]] result<packet_view> decode_empty(const frame& f, protocol_version v) noexcept {
  if (!f.body.empty()) return broken(rules::body_not_empty, v);
  return packet_view{View{}};
}

}  // namespace

result<disconnect_view> decode_disconnect(const frame& f, protocol_version v) noexcept {
  const version_policy& policy = policy_for(v);
  wire::reader in{f.body};
  disconnect_view disconnect;
  if (in.empty()) return disconnect;
  if (!policy.has_reason_codes) return broken(rules::body_not_empty, v);
  std::uint8_t code = 0;
  static_cast<void>(in.u8(code));
  auto checked = check_code(code, packet_type::disconnect, f.from);
  if (!checked) return checked.error();
  disconnect.code = static_cast<reason_code>(code);
  if (!in.empty()) {
    const auto properties = read_properties(in, policy, property_owner::disconnect, f.from);
    if (!properties) return properties.error();
    disconnect.properties = *properties;
  }
  if (auto ended = check_end(in, v); !ended) return ended.error();
  return disconnect;
}

result<auth_view> decode_auth(const frame& f) noexcept {
  const version_policy& policy = policy_for(protocol_version::v5);
  wire::reader in{f.body};
  auth_view auth;
  std::uint8_t code = 0;
  const bool short_form = !in.u8(code);  // Success without properties. [v5 3.15.2.1]
  auto checked = check_code(code, packet_type::auth, f.from);
  if (!checked) return checked.error();
  auth.code = static_cast<reason_code>(code);
  if (short_form) return auth;
  const auto properties = read_properties(in, policy, property_owner::auth, f.from);
  if (!properties) return properties.error();
  auth.properties = *properties;
  if (!auth.properties.authentication_method()) {
    return broken(rules::auth_method_missing, protocol_version::v5);
  }
  if (auto ended = check_end(in, protocol_version::v5); !ended) return ended.error();
  return auth;
}

result<packet_view> decode(const frame& f, protocol_version v) noexcept {
  switch (f.type) {
    case packet_type::connect:
      return widen(decode_connect(f));
    case packet_type::connack:
      return widen(decode_connack(f, v));
    case packet_type::publish:
      return widen(decode_publish(f, v));
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubrel:
    case packet_type::pubcomp:
      return widen(decode_ack(f, v));
    case packet_type::subscribe:
      return widen(decode_subscribe(f, v));
    case packet_type::suback:
    case packet_type::unsuback:
      return widen(decode_suback(f, v));
    case packet_type::unsubscribe:
      return widen(decode_unsubscribe(f, v));
    case packet_type::pingreq:
      return decode_empty<pingreq_view>(f, v);
    case packet_type::pingresp:
      return decode_empty<pingresp_view>(f, v);
    case packet_type::disconnect:
      return widen(decode_disconnect(f, v));
    case packet_type::auth:
      if (!policy_for(v).has_auth_packet) break;
      return widen(decode_auth(f));
  }
  return broken(rules::type_reserved, v);
}

}  // namespace godwit::mqtt
