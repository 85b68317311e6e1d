#pragma once

#include "rules.hpp"

#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {

/// The lower nibble of a fixed header. PUBLISH: DUP, two bits QoS, RETAIN.
namespace header {
inline constexpr unsigned retain_bit = 0x01;
inline constexpr unsigned dup_bit = 0x08;
[[nodiscard]] constexpr unsigned qos_bits(unsigned flags) noexcept {
  return flags >> 1U & 3U;
}

/// What the standard prescribes for a type other than PUBLISH. [v311 table 2.2] [v5 table 2-2]
[[nodiscard]] constexpr unsigned reserved_flags(packet_type type) noexcept {
  const bool request = type == packet_type::pubrel || type == packet_type::subscribe ||
                       type == packet_type::unsubscribe;
  return request ? 0x02 : 0x00;
}
}  // namespace header

/// Judges the flags of any type but CONNECT, which MQTT 3.1 reads differently.
[[nodiscard]] inline result<void> check_header_flags(packet_type type, unsigned flags,
                                                     const version_policy& policy) noexcept {
  if (type == packet_type::publish) {
    if (header::qos_bits(flags) == 3) return broken(rules::publish_qos_3, policy.version);
    const bool dup_at_qos_0 = header::qos_bits(flags) == 0 && (flags & header::dup_bit) != 0;
    if (dup_at_qos_0 && policy.strict_publish_dup) {
      return broken(rules::publish_dup, policy.version);
    }
    return {};
  }
  if (policy.strict_header_flags && flags != header::reserved_flags(type)) {
    return broken(rules::header_flags, policy.version);
  }
  return {};
}

}  // namespace godwit::mqtt
