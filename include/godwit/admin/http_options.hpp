#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace godwit::admin {

/// Where operations look at the broker.
struct http_options {
  std::string bind = "127.0.0.1";              ///< a literal address
  std::uint16_t port = 0;                      ///< for a server: 0 = the system picks one
  std::size_t connections_max = 32;            ///< more are closed at once
  std::size_t header_bytes_max = 8'192;        ///< of one request; bodies are refused
  std::chrono::milliseconds idle_max{10'000};  ///< for a request to come, and for its answer to go
};

}  // namespace godwit::admin
