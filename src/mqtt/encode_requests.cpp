#include "connect_flags.hpp"
#include "header_flags.hpp"
#include "packet_writer.hpp"

#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/version_policy.hpp>

/// CONNECT, SUBSCRIBE and UNSUBSCRIBE: what a client sends, for bridges and our own test clients.

namespace godwit::mqtt {
namespace {

[[nodiscard]] unsigned connect_flags(const connect_view& p) noexcept {
  unsigned flags = 0;
  if (p.clean_start) flags |= connect_flag::clean_start;
  if (p.will) {
    flags |= connect_flag::will | static_cast<unsigned>(p.will->quality) << 3U;
    if (p.will->retain) flags |= connect_flag::will_retain;
  }
  if (p.user_name) flags |= connect_flag::user_name;
  if (p.password) flags |= connect_flag::password;
  return flags;
}

[[nodiscard]] std::string_view protocol_name(protocol_version v) noexcept {
  return v == protocol_version::v31 ? "MQIsdp" : "MQTT";
}

[[nodiscard]] unsigned request_flags(packet_type type, bool dup,
                                     const version_policy& policy) noexcept {
  GODWIT_ASSERT(!dup || policy.dup_on_requests);
  return header::reserved_flags(type) | (dup ? header::dup_bit : 0);
}

}  // namespace

void encode(const connect_view& p, base::bytes& out) {
  const version_policy& policy = policy_for(p.version);
  GODWIT_ASSERT(!p.password || p.user_name || policy.password_without_user_name);
  const std::string_view name = protocol_name(p.version);
  std::size_t remaining = 2 + name.size() + 1 + 1 + 2;  // name, level, flags, keep alive
  remaining += properties_size(p.properties, policy) + 2 + p.client_id.size();
  if (p.will) {
    remaining += properties_size(p.will->properties, policy);
    remaining += 2 + p.will->topic.size() + 2 + p.will->payload.size();
  }
  if (p.user_name) remaining += 2 + p.user_name->size();
  if (p.password) remaining += 2 + p.password->size();

  wire::writer to = begin_packet(out, packet_type::connect, 0, remaining);
  to.text(name);
  to.u8(static_cast<std::uint8_t>(p.version));
  to.u8(connect_flags(p));
  to.u16(p.keep_alive_s);
  write_properties(to, p.properties, policy);
  to.text(p.client_id);
  if (p.will) {
    write_properties(to, p.will->properties, policy);
    to.text(p.will->topic);
    to.binary(p.will->payload);
  }
  if (p.user_name) to.text(*p.user_name);
  if (p.password) to.binary(*p.password);
}

void encode(const subscribe_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  GODWIT_ASSERT(p.version == v && p.id.value() != 0 && !p.payload.empty());
  const std::size_t remaining = 2 + properties_size(p.properties, policy) + p.payload.size();
  const unsigned flags = request_flags(packet_type::subscribe, p.dup, policy);
  wire::writer to = begin_packet(out, packet_type::subscribe, flags, remaining);
  to.u16(p.id.value());
  write_properties(to, p.properties, policy);
  to.raw(p.payload);
}

void encode(const unsubscribe_view& p, protocol_version v, base::bytes& out) {
  const version_policy& policy = policy_for(v);
  GODWIT_ASSERT(p.id.value() != 0 && !p.payload.empty());
  const std::size_t remaining = 2 + properties_size(p.properties, policy) + p.payload.size();
  const unsigned flags = request_flags(packet_type::unsubscribe, p.dup, policy);
  wire::writer to = begin_packet(out, packet_type::unsubscribe, flags, remaining);
  to.u16(p.id.value());
  write_properties(to, p.properties, policy);
  to.raw(p.payload);
}

}  // namespace godwit::mqtt
