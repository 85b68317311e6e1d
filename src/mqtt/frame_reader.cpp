#include "header_flags.hpp"
#include "rules.hpp"
#include "wire.hpp"

#include <godwit/mqtt/frame_reader.hpp>
#include <godwit/mqtt/version_policy.hpp>

namespace godwit::mqtt {
namespace {

enum class direction : std::uint8_t { to_server, to_client, both };

[[nodiscard]] direction direction_of(packet_type type, const version_policy& policy) noexcept {
  switch (type) {
    case packet_type::connect:
    case packet_type::subscribe:
    case packet_type::unsubscribe:
    case packet_type::pingreq:
      return direction::to_server;
    case packet_type::connack:
    case packet_type::suback:
    case packet_type::unsuback:
    case packet_type::pingresp:
      return direction::to_client;
    case packet_type::disconnect:
      return policy.server_sends_disconnect ? direction::both : direction::to_server;
    case packet_type::publish:
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubrel:
    case packet_type::pubcomp:
    case packet_type::auth:
      break;
  }
  return direction::both;
}

/// Everything that the first byte shows.
[[nodiscard]] result<void> check_first_byte(std::uint8_t byte, protocol_version version,
                                            frame_source source) noexcept {
  const std::uint8_t number = byte >> 4U;
  const auto type = static_cast<packet_type>(number);
  if (source == frame_source::client_before_connect) {
    if (type != packet_type::connect) return broken(rules::first_packet_is_connect, version);
    return {};  // Its flags are judged when its version is known.
  }
  const version_policy& policy = policy_for(version);
  const bool reserved = number == 0 || (type == packet_type::auth && !policy.has_auth_packet);
  if (reserved) return broken(rules::type_reserved, version);
  const direction wrong =
      source == frame_source::client ? direction::to_client : direction::to_server;
  if (direction_of(type, policy) == wrong) return broken(rules::type_misdirected, version);
  if (type == packet_type::connect) return {};  // A second one: the session refuses it.
  return check_header_flags(type, byte & 0x0FU, policy);
}

}  // namespace

result<std::optional<frame>> next_frame(bytes_view input, protocol_version version,
                                        frame_source source,
                                        std::uint32_t packet_size_max) noexcept {
  if (input.empty()) return std::optional<frame>{};
  const auto first = std::to_integer<std::uint8_t>(input[0]);
  if (auto checked = check_first_byte(first, version, source); !checked) return checked.error();

  const wire::varint length = wire::read_varint(input.subspan(1));
  switch (length.state) {
    case wire::varint_state::incomplete:
      return std::optional<frame>{};
    case wire::varint_state::too_long:
      return broken(rules::length_too_long, version);
    case wire::varint_state::not_shortest:
      return broken(rules::length_not_shortest, version);
    case wire::varint_state::complete:
      break;
  }
  const std::size_t header = std::size_t{1} + length.size;
  const std::size_t size = header + length.value;
  if (size > packet_size_max) return broken(rules::too_large, version);
  if (input.size() < size) return std::optional<frame>{};
  return std::optional<frame>{
      frame{static_cast<packet_type>(first >> 4U), static_cast<std::uint8_t>(first & 0x0FU),
            input.subspan(header, length.value), size,
            source == frame_source::server ? sender::server : sender::client}};
}

}  // namespace godwit::mqtt
