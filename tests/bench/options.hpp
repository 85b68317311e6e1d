#pragma once

#include "layer.hpp"
#include "wire.hpp"

#include <netinet/in.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace godwit::bench {

/// The command line. Figures that stay 0 take the scenario's default (see usage_text()).
struct options {
  std::string scenario;
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  protocol version = protocol::v311;
  std::uint8_t qos = 0;
  bool wildcard = false;
  bool persistent = false;
  bool same_topic = false;
  bool keep = false;
  bool resume = false;
  bool tls = false;
  bool tls_resume = false;
  bool websocket = false;
  std::string logins;       ///< file with lines of a user, a colon and a password
  std::string certificate;  ///< file with a client's certificate
  std::string key;          ///< and with its key
  pid_t pid = 0;
  std::string json_path;

  std::size_t publishers = 0;
  std::size_t subscribers = 0;
  std::size_t payload_octets = 64;
  std::uint16_t window = 20;
  std::size_t under_way_max = 0;
  std::size_t batch = 0;
  double rate = 0;

  double warmup_s = 1;
  double seconds = 5;
  std::uint64_t messages = 0;
  double timeout_s = 10;

  std::size_t count = 0;
  std::size_t from = 2000;
  std::size_t each = 1000;
  std::size_t rounds = 3;
  double hold_s = 10;
  std::uint16_t keep_alive_s = 0;
  std::size_t at_once = 50;
  std::uint32_t sources = 32;
  std::size_t calm = 100;
  double ping_every_s = 0.1;

  [[nodiscard]] sockaddr_in server() const;
  [[nodiscard]] layer_options layers() const {
    return {tls, tls_resume, websocket, certificate, key};
  }
  [[nodiscard]] std::chrono::nanoseconds timeout() const;
};

/// Throws bench_error that names the wrong argument.
[[nodiscard]] options parse_options(std::span<const char* const> arguments);

[[nodiscard]] std::string usage_text();

}  // namespace godwit::bench
