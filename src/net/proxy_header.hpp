#pragma once

#include <godwit/base/bytes.hpp>

#include <boost/asio/ip/address_v6.hpp>

#include <cstdint>
#include <optional>

namespace godwit::net {

/// A header of the PROXY protocol, version 1 or 2, in front of what the client says: a proxy tells
/// where the connection really comes from.
struct proxy_header {
  enum class status : std::uint8_t { incomplete, complete, wrong };
  struct source {
    boost::asio::ip::address_v6 address;  ///< IPv4 as mapped into IPv6
    std::uint16_t port = 0;
  };
  status now = status::incomplete;
  std::size_t size = 0;  ///< of the header, when it is complete
  /// Nothing: the proxy speaks for itself (LOCAL, UNKNOWN), or the client has no IP address.
  std::optional<source> from;
};

/// The most that a header may have. Version 2 could have 64 KiB of additions.
inline constexpr std::size_t proxy_header_bytes_max = 2'048;

/// Reads the header at the beginning of `bytes`. Additions (TLVs) are checked and left alone.
[[nodiscard]] proxy_header read_proxy_header(base::bytes_view bytes);

}  // namespace godwit::net
