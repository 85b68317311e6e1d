#include <godwit/base/assert.hpp>
#include <godwit/net/network.hpp>

#include <algorithm>

namespace godwit::net {

std::vector<base::network> parse_networks(std::span<const std::string> texts) {
  std::vector<base::network> all;
  for (const std::string& text : texts) {
    const auto n = base::parse_network(text);
    GODWIT_ASSERT(n.has_value());
    all.push_back(*n);
  }
  return all;
}

bool is_in(std::span<const base::network> networks,
           const boost::asio::ip::address_v6& address) noexcept {
  const base::ip_address bytes = address.to_bytes();
  return std::ranges::any_of(networks, [&](const base::network& n) { return n.contains(bytes); });
}

bool address_rules::admits(const boost::asio::ip::address_v6& address) const noexcept {
  if (is_in(denied, address)) return false;
  return allowed.empty() || is_in(allowed, address);
}

}  // namespace godwit::net
