#include "header_flags.hpp"
#include "packet_writer.hpp"

#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

[[nodiscard]] unsigned publish_flags(const publish_view& p) noexcept {
  unsigned flags = static_cast<unsigned>(p.quality) << 1U;
  if (p.dup) flags |= header::dup_bit;
  if (p.retain) flags |= header::retain_bit;
  return flags;
}

/// Bytes between fixed header and payload.
[[nodiscard]] std::size_t publish_fields_size(const publish_view& p,
                                              const version_policy& policy) noexcept {
  std::size_t size = 2 + p.topic.size();
  if (p.quality != qos::at_most_once) size += 2;
  return size + properties_size(p.properties, policy);
}

/// Writes everything but the payload; returns where the packet id stands, or nothing at QoS 0.
std::byte* write_publish_head(wire::writer& to, const publish_view& p, std::size_t remaining,
                              const version_policy& policy) noexcept {
  const bool has_id = p.quality != qos::at_most_once;
  GODWIT_ASSERT(has_id == (p.id.value() != 0));
  GODWIT_ASSERT(has_id || !p.dup);  // [v311 MQTT-3.3.1-2] [v5 MQTT-3.3.1-2]
  write_header(to, packet_type::publish, publish_flags(p), remaining);
  to.text(p.topic);
  std::byte* id_at = nullptr;
  if (has_id) {  // [v311 MQTT-2.3.1-5] [v5 MQTT-2.2.1-2]
    id_at = to.position();
    to.u16(p.id.value());
  }
  write_properties(to, p.properties, policy);
  return id_at;
}

}  // namespace

void encode(const publish_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  const std::size_t remaining = publish_fields_size(p, policy) + p.payload.size();
  wire::writer to = grow(out, header_size(remaining) + remaining);
  write_publish_head(to, p, remaining, policy);
  to.raw(p.payload);
}

std::size_t encoded_size(const publish_view& p, protocol_version v) noexcept {
  const std::size_t remaining = publish_fields_size(p, policy_for(v)) + p.payload.size();
  return header_size(remaining) + remaining;
}

std::size_t encoded_size(const connack_view& p, protocol_version v) noexcept {
  const std::size_t remaining = 2 + properties_size(p.properties, policy_for(v));
  return header_size(remaining) + remaining;
}

std::size_t encode_publish_head(const publish_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  const std::size_t fields = publish_fields_size(p, policy);
  const std::size_t remaining = fields + p.payload.size();
  wire::writer to = grow(out, header_size(remaining) + fields);
  const std::byte* const id_at = write_publish_head(to, p, remaining, policy);
  return id_at == nullptr ? 0 : static_cast<std::size_t>(id_at - out.data());
}

void encode(const connack_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  GODWIT_ASSERT(!p.session_present || p.code == 0);
  const std::size_t remaining = 2 + properties_size(p.properties, policy);
  wire::writer to = begin_packet(out, packet_type::connack, 0, remaining);
  // In 3.1 the byte is reserved. [v31 M31-connack-1]
  to.u8(p.session_present && policy.has_session_present ? 1 : 0);
  to.u8(p.code);
  write_properties(to, p.properties, policy);
}

void encode(const ack_view& p, protocol_version v, base::bytes& out) {
  GODWIT_ASSERT(p.id.value() != 0);
  const unsigned flags = header::reserved_flags(p.type);
  const bool has_properties = !p.properties.empty();
  const bool has_code = has_properties || p.code != reason_code::success;
  if (!policy_for(v).has_reason_codes || !has_code) {
    begin_packet(out, p.type, flags, 2).u16(p.id.value());
    return;
  }
  const std::size_t properties = has_properties ? properties_size(p.properties, policy_for(v)) : 0;
  wire::writer to = begin_packet(out, p.type, flags, 3 + properties);
  to.u16(p.id.value());
  to.u8(static_cast<std::uint8_t>(p.code));
  if (has_properties) write_properties(to, p.properties, policy_for(v));
}

void encode(const suback_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  GODWIT_ASSERT(p.id.value() != 0);
  const bool has_codes = p.type == packet_type::suback || policy.has_reason_codes;
  GODWIT_ASSERT(!has_codes || !p.codes.empty());
  const bytes_view codes = has_codes ? p.codes : bytes_view{};
  const std::size_t remaining = 2 + properties_size(p.properties, policy) + codes.size();
  wire::writer to = begin_packet(out, p.type, 0, remaining);
  to.u16(p.id.value());
  write_properties(to, p.properties, policy);
  to.raw(codes);
}

void encode(const pingreq_view&, base::bytes& out) {
  static_cast<void>(begin_packet(out, packet_type::pingreq, 0, 0));
}

void encode(const pingresp_view&, base::bytes& out) {
  static_cast<void>(begin_packet(out, packet_type::pingresp, 0, 0));
}

void encode(const disconnect_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  const bool has_properties = !p.properties.empty();
  const bool has_code = has_properties || p.code != reason_code::success;
  if (!policy.has_reason_codes || !has_code) {
    static_cast<void>(begin_packet(out, packet_type::disconnect, 0, 0));
    return;
  }
  const std::size_t properties = has_properties ? properties_size(p.properties, policy) : 0;
  wire::writer to = begin_packet(out, packet_type::disconnect, 0, 1 + properties);
  to.u8(static_cast<std::uint8_t>(p.code));
  if (has_properties) write_properties(to, p.properties, policy);
}

void encode(const auth_view& p, base::bytes& out) {
  const version_policy& policy = policy_for(protocol_version::v5);
  if (p.code == reason_code::success && p.properties.empty()) {
    static_cast<void>(begin_packet(out, packet_type::auth, 0, 0));
    return;
  }
  const std::size_t remaining = 1 + properties_size(p.properties, policy);
  wire::writer to = begin_packet(out, packet_type::auth, 0, remaining);
  to.u8(static_cast<std::uint8_t>(p.code));
  write_properties(to, p.properties, policy);
}

namespace {

struct encode_any {
  protocol_version version;
  base::bytes& out;
  void operator()(const connect_view& p) const { encode(p, out); }
  void operator()(const pingreq_view& p) const { encode(p, out); }
  void operator()(const pingresp_view& p) const { encode(p, out); }
  void operator()(const auth_view& p) const { encode(p, out); }
  template <class View>
  void operator()(const View& p) const {
    encode(p, version, out);
  }
};

}  // namespace

void encode(const packet_view& p, protocol_version v, base::bytes& out) {
  std::visit(encode_any{v, out}, p);
}

}  // namespace godwit::mqtt
