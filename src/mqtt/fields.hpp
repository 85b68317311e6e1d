#pragma once

#include "rules.hpp"
#include "text_scan.hpp"
#include "wire.hpp"

#include <godwit/mqtt/packets.hpp>
#include <godwit/mqtt/version_policy.hpp>

/// Fields that several packets share: each either reads and checks, or names the broken rule.

namespace godwit::mqtt {

/// `missing` is the rule that a cut or absent text breaks.
[[nodiscard]] inline result<std::string_view> read_text(wire::reader& in,
                                                        const version_policy& policy,
                                                        const rule& missing) noexcept {
  std::string_view text;
  if (!in.text(text)) return broken(missing, policy.version);
  if (!is_valid_utf8(text, policy.text_dialect)) {
    return broken(rules::text_not_utf8, policy.version);
  }
  return text;
}

[[nodiscard]] inline result<packet_id> read_packet_id(wire::reader& in, protocol_version version,
                                                      const rule& missing) noexcept {
  std::uint16_t id = 0;
  if (!in.u16(id)) return broken(missing, version);
  if (id == 0) return broken(rules::packet_id_zero, version);
  return packet_id{id};
}

/// Property length and properties; empty in versions that have none.
[[nodiscard]] inline result<properties_view> read_properties(wire::reader& in,
                                                             const version_policy& policy,
                                                             property_owner owner,
                                                             sender from) noexcept {
  if (!policy.has_properties) return properties_view{};
  const wire::varint length = in.variable();
  if (length.state == wire::varint_state::not_shortest) {
    return protocol_error{reason_code::malformed_packet, "v5 MQTT-1.5.5-1",
                          "property length not in its shortest form"};
  }
  bytes_view block;
  if (length.state != wire::varint_state::complete || !in.take(length.value, block)) {
    return broken(rules::property_length, policy.version);
  }
  if (block.empty()) return properties_view{};
  return check_properties(block, owner, from);
}

[[nodiscard]] inline result<void> check_end(const wire::reader& in,
                                            protocol_version version) noexcept {
  if (!in.empty()) return broken(rules::leftover, version);
  return {};
}

/// May this packet of a MQTT 5 peer carry the code?
[[nodiscard]] inline result<void> check_code(std::uint8_t code, packet_type type,
                                             sender from) noexcept {
  if (!is_known(code)) return broken(rules::code_unknown, protocol_version::v5);
  if (!is_allowed(static_cast<reason_code>(code), type, from)) {
    return broken(rules::code_misplaced, protocol_version::v5);
  }
  return {};
}

}  // namespace godwit::mqtt
