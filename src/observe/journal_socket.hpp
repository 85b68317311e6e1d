#pragma once

#include <string>
#include <string_view>

namespace godwit::observe {

/// Sends datagrams to a Unix socket that is looked up by its path each time: whoever listens there
/// may come anew. On one thread.
class journal_socket {
 public:
  explicit journal_socket(std::string path);
  ~journal_socket();
  journal_socket(const journal_socket&) = delete;
  journal_socket& operator=(const journal_socket&) = delete;

  /// Waits while the receiver is slow. False: nobody has it.
  [[nodiscard]] bool send(std::string_view datagram) noexcept;

 private:
  std::string path_;
  int socket_;
};

}  // namespace godwit::observe
