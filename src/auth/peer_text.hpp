#pragma once

#include <godwit/base/network.hpp>

#include <string_view>

namespace godwit::auth {

/// A peer's text without its port: "10.0.0.1", "[::1]".
[[nodiscard]] inline std::string_view host_of(std::string_view peer) noexcept {
  return peer.substr(0, peer.rfind(':'));
}
/// The address in "10.0.0.1:40123" or "[::1]:40123"; all zeros if there is none, as with Unix
/// sockets.
[[nodiscard]] base::ip_address address_of(std::string_view peer);

}  // namespace godwit::auth
