#pragma once

#include <godwit/net/unique_fd.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::daemon {

/// Where another process of the same user reaches a running godwitd: a Unix socket in the store's
/// directory. One request a connection, one line; one line is the answer. One thread.
class control_socket {
 public:
  /// Listens on `control` in `directory`, mode 0600; takes the place of a socket that a crash left
  /// behind (the store's lock has shown that nobody else is there). Throws std::system_error.
  explicit control_socket(const std::string& directory);
  ~control_socket();
  control_socket(const control_socket&) = delete;
  control_socket& operator=(const control_socket&) = delete;

  /// Readable when somebody asks.
  [[nodiscard]] int fd() const noexcept { return listening_.value(); }
  /// Takes one connection, reads its request (at most 4 KiB, within 2 s) and sends what `handle`
  /// makes of it. A client that does not ask, or does not listen, costs nothing else.
  void serve_one(const std::function<std::string(std::string_view)>& handle);

 private:
  net::unique_fd directory_;
  net::unique_fd listening_;
};

/// Sends one request to the godwitd that runs on `directory` and returns its answer; nothing if
/// none listens there. Waits as long as the answer takes. Throws std::system_error.
[[nodiscard]] std::optional<std::string> ask_running(const std::string& directory,
                                                     std::string_view request);

}  // namespace godwit::daemon
