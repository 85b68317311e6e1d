#pragma once

#include <boost/asio/ip/address_v6.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace godwit::net {

/// "127.0.0.1:1883" or "[::1]:1883"; an IPv4 address mapped into IPv6 is shown as IPv4.
[[nodiscard]] std::string endpoint_text(const sockaddr* address);

/// The same of an address and port that somebody else told.
[[nodiscard]] std::string endpoint_text(const boost::asio::ip::address_v6& address,
                                        std::uint16_t port);
/// IPv4 is mapped into IPv6; nothing for other families.
[[nodiscard]] std::optional<boost::asio::ip::address_v6> ip_address_of(const sockaddr* address);

}  // namespace godwit::net
