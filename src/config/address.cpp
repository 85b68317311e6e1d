#include "address.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace godwit::config {

namespace {

using address_bytes = std::array<std::uint8_t, 16>;

/// IPv4 addresses are mapped into IPv6 (::ffff:0:0/96).
std::optional<address_bytes> read_address(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != std::char_traits<char>::length(copy.c_str())) return std::nullopt;
  address_bytes bytes{};
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
  bytes = {};
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

}  // namespace

bool is_ip_address(std::string_view text) {
  return read_address(text).has_value();
}

bool is_loopback(std::string_view text) {
  const auto bytes = read_address(text);
  if (!bytes) return false;
  constexpr address_bytes one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr address_bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  if (*bytes == one) return true;
  for (std::size_t i = 0; i < 13; ++i) {
    if ((*bytes)[i] != mapped[i]) return false;
  }
  return true;
}

}  // namespace godwit::config
