#pragma once

#include <godwit/net/unique_fd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::test {

/// How long a test waits for something that must come; only a failing test waits so long.
inline constexpr std::chrono::seconds patience{20};

/// A deadline on the real clock.
class deadline {
 public:
  [[nodiscard]] bool is_over() const { return std::chrono::steady_clock::now() > end_; }

 private:
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + patience;
};

/// A plain blocking TCP client on the loopback.
class client_socket {
 public:
  enum class end : std::uint8_t { closed, reset, timed_out };

  explicit client_socket(std::uint16_t port, int receive_buffer = 0);

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  void send(std::string_view text) const;
  /// True if all of it could be sent.
  [[nodiscard]] bool try_send(std::string_view text) const;
  /// Reads exactly so much; less when the connection ends before.
  [[nodiscard]] std::string receive(std::size_t size) const;
  /// Reads up to the end of the connection.
  [[nodiscard]] std::string receive_all(end& how) const;
  /// Sends FIN.
  void finish() const;
  /// Closes with RST.
  void reset();
  void close() { fd_.reset(); }
  [[nodiscard]] int fd() const noexcept { return fd_.value(); }

 private:
  net::unique_fd fd_;
  bool connected_ = false;
};

}  // namespace godwit::test
