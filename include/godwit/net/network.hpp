#pragma once

#include <boost/asio/ip/address_v6.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::net {

/// Addresses with the same beginning, "10.0.0.0/8" or "2001:db8::/32"; an address alone is a
/// network of one. IPv4 is kept as IPv4 mapped into IPv6, so both forms of an address are equal.
class network {
 public:
  /// Nothing if it is not one, or has bits behind its prefix that are not zero.
  [[nodiscard]] static std::optional<network> parse(std::string_view text);
  /// Of text that has been checked.
  [[nodiscard]] static std::vector<network> parse_all(std::span<const std::string> texts);

  [[nodiscard]] bool contains(const boost::asio::ip::address_v6& address) const noexcept;

 private:
  boost::asio::ip::address_v6::bytes_type first_{};
  unsigned prefix_bits_ = 0;
};

[[nodiscard]] bool is_in(std::span<const network> networks,
                         const boost::asio::ip::address_v6& address) noexcept;

/// Which addresses a listener lets in: none that is denied; if some are allowed, only those.
struct address_rules {
  std::vector<network> allowed;
  std::vector<network> denied;
  [[nodiscard]] bool admits(const boost::asio::ip::address_v6& address) const noexcept;
};

}  // namespace godwit::net
