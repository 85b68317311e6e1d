#include <godwit/base/assert.hpp>
#include <godwit/net/network.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace godwit::net {
namespace {

constexpr unsigned v6_bits = 128;
constexpr unsigned v4_bits = 32;
constexpr unsigned byte_bits = 8;

/// The bits of byte `i` that belong to a prefix.
unsigned char mask_of(unsigned prefix_bits, std::size_t i) noexcept {
  const unsigned before = static_cast<unsigned>(i) * byte_bits;
  if (prefix_bits >= before + byte_bits) return 0xff;
  if (prefix_bits <= before) return 0;
  return static_cast<unsigned char>(0xff00U >> (prefix_bits - before));
}

}  // namespace

std::optional<network> network::parse(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(std::string{text.substr(0, slash)}, wrong);
  if (wrong || (address.is_v6() && address.to_v6().scope_id() != 0)) return std::nullopt;
  const unsigned bits_max = address.is_v4() ? v4_bits : v6_bits;
  unsigned bits = bits_max;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, bits);
    if (digits.empty() || error != std::errc{} || stop != end || bits > bits_max) {
      return std::nullopt;
    }
  }
  network n;
  n.prefix_bits_ = bits + v6_bits - bits_max;
  n.first_ = (address.is_v4()
                  ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, address.to_v4())
                  : address.to_v6())
                 .to_bytes();
  for (std::size_t i = 0; i < n.first_.size(); ++i) {
    if ((n.first_[i] & ~mask_of(n.prefix_bits_, i) & 0xff) != 0) return std::nullopt;
  }
  return n;
}

std::vector<network> network::parse_all(std::span<const std::string> texts) {
  std::vector<network> all;
  for (const std::string& text : texts) {
    const auto n = parse(text);
    GODWIT_ASSERT(n.has_value());
    all.push_back(*n);
  }
  return all;
}

bool network::contains(const boost::asio::ip::address_v6& address) const noexcept {
  const auto bytes = address.to_bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (((bytes[i] ^ first_[i]) & mask_of(prefix_bits_, i)) != 0) return false;
  }
  return true;
}

bool is_in(std::span<const network> networks, const boost::asio::ip::address_v6& address) noexcept {
  return std::ranges::any_of(networks, [&](const network& n) { return n.contains(address); });
}

bool address_rules::admits(const boost::asio::ip::address_v6& address) const noexcept {
  if (is_in(denied, address)) return false;
  return allowed.empty() || is_in(allowed, address);
}

}  // namespace godwit::net
