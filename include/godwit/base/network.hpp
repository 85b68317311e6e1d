#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace godwit::base {

/// An IP address, IPv4 mapped into IPv6 (::ffff:0:0/96), so both forms of an address are equal.
using ip_address = std::array<std::uint8_t, 16>;

/// Addresses with the same beginning; an address alone is a network of one.
struct network {
  ip_address first{};
  std::uint8_t bits = 128;  ///< that count

  [[nodiscard]] bool contains(const ip_address& a) const noexcept;
};

/// "10.1.2.3", "2001:db8::1"; nothing for any other text.
[[nodiscard]] std::optional<ip_address> parse_ip(std::string_view text);
/// "10.1.2.3", "10.0.0.0/8", "2001:db8::/32"; nothing for other text, and nothing if bits behind
/// the prefix are not zero.
[[nodiscard]] std::optional<network> parse_network(std::string_view text);

}  // namespace godwit::base
