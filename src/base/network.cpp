#include <godwit/base/network.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <vector>

namespace godwit::base {
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

/// The bits of byte `i` that are behind a prefix.
std::uint8_t behind(unsigned prefix_bits, std::size_t i) noexcept {
  const auto before = static_cast<unsigned>(i) * 8U;
  if (prefix_bits <= before) return 0xff;
  return static_cast<std::uint8_t>(0xffU >> std::min(prefix_bits - before, 8U));
}

}  // namespace

std::optional<ip_address> parse_ip(std::string_view text) {
  ip_address out{};
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
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  network n{*address, 128};
  if (slash == std::string_view::npos) return n;
  const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const auto bits = read_number(text.substr(slash + 1), is_v4 ? 32 : 128, 10);
  if (!bits) return std::nullopt;
  n.bits = static_cast<std::uint8_t>(*bits + (is_v4 ? mapped_bits : 0U));
  for (std::size_t i = 0; i < n.first.size(); ++i) {
    if ((n.first[i] & behind(n.bits, i)) != 0) return std::nullopt;
  }
  return n;
}

bool network::contains(const ip_address& a) const noexcept {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (((a[i] ^ first[i]) & ~behind(bits, i) & 0xff) != 0) return false;
  }
  return true;
}

}  // namespace godwit::base
