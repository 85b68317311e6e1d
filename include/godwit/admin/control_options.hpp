#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace godwit::admin {

/// Where operators talk to a running broker.
struct control_options {
  std::string path;              ///< of the Unix socket; empty: nowhere, or where its user decides
  std::size_t threads = 4;       ///< requests that are served at the same time
  std::size_t waiting_max = 16;  ///< further ones that wait; more are closed at once
  std::size_t request_bytes_max = 2'097'152;
  std::chrono::milliseconds idle_max{10'000};  ///< for the request to come, and for each answer
};

}  // namespace godwit::admin
