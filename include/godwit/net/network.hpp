#pragma once

#include <godwit/base/network.hpp>

#include <boost/asio/ip/address_v6.hpp>

#include <span>
#include <string>
#include <vector>

namespace godwit::net {

/// Of text that has been checked.
[[nodiscard]] std::vector<base::network> parse_networks(std::span<const std::string> texts);

/// IPv4 addresses are mapped into IPv6.
[[nodiscard]] bool is_in(std::span<const base::network> networks,
                         const boost::asio::ip::address_v6& address) noexcept;

/// Which addresses a listener lets in: none that is denied; if some are allowed, only those.
struct address_rules {
  std::vector<base::network> allowed;
  std::vector<base::network> denied;
  [[nodiscard]] bool admits(const boost::asio::ip::address_v6& address) const noexcept;
};

}  // namespace godwit::net
