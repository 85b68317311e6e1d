#include "peer_text.hpp"

#include <godwit/auth/rule_set.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace godwit::auth {
namespace {

std::optional<std::uint32_t> read_number(std::string_view text, std::uint32_t max, int base) {
  std::uint32_t n = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n, base);
  if (text.empty() || error != std::errc{} || stop != end || n > max) return std::nullopt;
  return n;
}

/// Four decimal numbers without leading zeros, which some take for octal.
std::optional<std::array<std::uint8_t, 4>> read_ipv4(std::string_view text) {
  std::array<std::uint8_t, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const std::string_view part = text.substr(0, dot);
    const auto n = read_number(part, 255, 10);
    if (!n || (part.size() > 1 && part.front() == '0')) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(*n);
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return out;
}

/// Groups of up to four hexadecimal digits, maybe an IPv4 address at the end; appends bytes.
bool read_groups(std::string_view text, std::vector<std::uint8_t>& out) {
  while (!text.empty()) {
    const auto colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      const auto four = read_ipv4(part);
      if (!four) return false;
      out.insert(out.end(), four->begin(), four->end());
      return true;
    }
    const auto n = part.size() <= 4 ? read_number(part, 0xffff, 16) : std::nullopt;
    if (!n) return false;
    out.push_back(static_cast<std::uint8_t>(*n >> 8U));
    out.push_back(static_cast<std::uint8_t>(*n & 0xffU));
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // ends in a colon
  }
  return true;
}

constexpr std::uint8_t mapped_bits = 96;

}  // namespace

std::optional<address_bytes> parse_address(std::string_view text) {
  address_bytes out{};
  if (const auto four = read_ipv4(text)) {
    out[10] = out[11] = 0xff;
    std::copy(four->begin(), four->end(), out.begin() + 12);
    return out;
  }
  if (text.find(':') == std::string_view::npos) return std::nullopt;
  const auto gap = text.find("::");
  std::vector<std::uint8_t> head;
  std::vector<std::uint8_t> tail;
  if (!read_groups(text.substr(0, gap), head)) return std::nullopt;
  const bool has_gap = gap != std::string_view::npos;
  if (has_gap && !read_groups(text.substr(gap + 2), tail)) return std::nullopt;
  const std::size_t size = head.size() + tail.size();
  if (has_gap ? size > 14 : size != 16) return std::nullopt;
  std::copy(head.begin(), head.end(), out.begin());
  std::copy(tail.begin(), tail.end(), out.end() - static_cast<std::ptrdiff_t>(tail.size()));
  return out;
}

std::optional<network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  network n{*address, 128};
  if (slash == std::string_view::npos) return n;
  const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto bits = read_number(text.substr(slash + 1), is_v4 ? 32 : 128, 10);
  if (!bits) return std::nullopt;
  n.bits = static_cast<std::uint8_t>(*bits + (is_v4 ? mapped_bits : 0U));
  return n;
}

address_bytes address_of(std::string_view peer) {
  std::string_view host = host_of(peer);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return parse_address(host).value_or(address_bytes{});
}

bool network::contains(const address_bytes& a) const noexcept {
  const std::size_t whole = bits / 8U;
  for (std::size_t i = 0; i < whole; ++i) {
    if (a[i] != address[i]) return false;
  }
  if (bits % 8U == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8U));
  return ((a[whole] ^ address[whole]) & mask) == 0;
}

}  // namespace godwit::auth
