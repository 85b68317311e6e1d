#pragma once

#include <string_view>

namespace godwit::config {

/// An IPv4 or IPv6 address as text, without brackets, port or zone.
[[nodiscard]] bool is_ip_address(std::string_view text);
/// One that only this machine reaches: 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104.
[[nodiscard]] bool is_loopback(std::string_view text);

/// An address, or the addresses with its first bits: "10.0.0.0/8", whose other bits are zero.
[[nodiscard]] bool is_network(std::string_view text);

}  // namespace godwit::config
