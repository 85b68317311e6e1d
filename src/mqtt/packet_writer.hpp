#pragma once

#include "wire.hpp"

#include <godwit/mqtt/properties.hpp>
#include <godwit/mqtt/version_policy.hpp>

/// Parts of packets that several encoders share. Sizes are computed first, so that the output grows
/// once per packet.

namespace godwit::mqtt {

[[nodiscard]] inline std::size_t header_size(std::size_t remaining) noexcept {
  return 1 + wire::varint_size(remaining);
}

/// Makes room for `size` more bytes and returns where they go.
[[nodiscard]] inline wire::writer grow(base::bytes& out, std::size_t size) {
  const std::size_t before = out.size();
  out.resize(before + size);
  return wire::writer{out.data() + before};
}

inline void write_header(wire::writer& to, packet_type type, unsigned flags,
                         std::size_t remaining) noexcept {
  GODWIT_ASSERT(remaining <= remaining_length_max);
  to.u8(static_cast<unsigned>(type) << 4U | flags);
  to.variable(remaining);
}

[[nodiscard]] inline wire::writer begin_packet(base::bytes& out, packet_type type, unsigned flags,
                                               std::size_t remaining) {
  wire::writer to = grow(out, header_size(remaining) + remaining);
  write_header(to, type, flags, remaining);
  return to;
}

/// Their length included; 0 in versions without properties.
[[nodiscard]] inline std::size_t properties_size(const properties_view& properties,
                                                 const version_policy& policy) noexcept {
  if (!policy.has_properties) return 0;
  const std::size_t size = properties.bytes().size();
  return wire::varint_size(size) + size;
}

/// No properties are a length of 0. [v5 MQTT-2.2.2-1]
inline void write_properties(wire::writer& to, const properties_view& properties,
                             const version_policy& policy) noexcept {
  if (!policy.has_properties) return;
  to.variable(properties.bytes().size());
  to.raw(properties.bytes());
}

}  // namespace godwit::mqtt
