#pragma once

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

namespace godwit::daemon::test {

/// Plays the service manager: a datagram socket with a name.
class manager {
 public:
  explicit manager(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length)),
              0);
  }
  ~manager() { ::close(fd_); }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  [[nodiscard]] std::string receive() const {
    std::array<char, 512> text{};
    const auto n = ::recv(fd_, text.data(), text.size(), 0);
    return n < 0 ? "nothing came" : std::string(text.data(), static_cast<std::size_t>(n));
  }
  /// The next message, however long it takes (up to a minute).
  [[nodiscard]] std::string wait_for_one() const {
    constexpr int minute_ms = 60'000;
    pollfd ready{fd_, POLLIN, 0};
    ::poll(&ready, 1, minute_ms);
    return receive();
  }

 private:
  int fd_;
};

inline std::string unique_name() {
  return "godwit-notify-test-" + std::to_string(::getpid());
}

}  // namespace godwit::daemon::test
