#include "address.hpp"

#include "values.hpp"

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

bool is_network(std::string_view text) {
  constexpr std::size_t byte_bits = 8;
  const auto slash = text.find('/');
  const auto bytes = read_address(text.substr(0, slash));
  if (!bytes || slash == std::string_view::npos) return bytes.has_value();
  const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto bits = read_digits(text.substr(slash + 1));
  if (!bits || *bits > (is_v4 ? 32U : 128U)) return false;
  const std::size_t prefix = static_cast<std::size_t>(*bits) + (is_v4 ? 96 : 0);
  for (std::size_t bit = prefix; bit < bytes->size() * byte_bits; ++bit) {
    const unsigned byte = (*bytes)[bit / byte_bits];
    if ((byte >> (byte_bits - 1 - bit % byte_bits) & 1U) != 0) return false;
  }
  return true;
}

}  // namespace godwit::config
