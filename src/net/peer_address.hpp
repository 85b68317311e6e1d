#pragma once

#include <sys/socket.h>

#include <string>

namespace godwit::net {

/// "127.0.0.1:1883" or "[::1]:1883"; an IPv4 address mapped into IPv6 is shown as IPv4.
[[nodiscard]] std::string endpoint_text(const sockaddr* address);

}  // namespace godwit::net
