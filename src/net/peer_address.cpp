#include "peer_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace godwit::net {

std::string endpoint_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string{text.data()} + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address->sa_family != AF_INET6) return "unknown";
  constexpr std::size_t mapped_prefix = 12;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  const std::string port = ":" + std::to_string(ntohs(v6.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[mapped_prefix], text.data(), text.size());
    return std::string{text.data()} + port;
  }
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return "[" + std::string{text.data()} + "]" + port;
}

std::string endpoint_text(const boost::asio::ip::address_v6& address, std::uint16_t port) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::ranges::copy(address.to_bytes(), v6.sin6_addr.s6_addr);
  return endpoint_text(reinterpret_cast<const sockaddr*>(&v6));
}

std::optional<boost::asio::ip::address_v6> ip_address_of(const sockaddr* address) {
  boost::asio::ip::address_v6::bytes_type bytes{};
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::ranges::copy(v6.sin6_addr.s6_addr, bytes.begin());
  } else if (address->sa_family == AF_INET) {
    constexpr std::size_t mapped_prefix = 12;
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + mapped_prefix, &v4.sin_addr, sizeof v4.sin_addr);
  } else {
    return std::nullopt;
  }
  return boost::asio::ip::address_v6{bytes};
}

}  // namespace godwit::net
