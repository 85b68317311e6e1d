#include "sd_notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace godwit::daemon {

namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// A status is one line; anything else would be read as another assignment.
std::string one_line(std::string_view status) {
  std::string out(status);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

}  // namespace

std::error_code service_notifier::ready(std::string_view status) const {
  return send("READY=1\nSTATUS=" + one_line(status));
}

std::error_code service_notifier::reloading(std::chrono::microseconds monotonic) const {
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic.count()) +
              "\nSTATUS=Reading the configuration");
}

std::error_code service_notifier::stopping(std::string_view status) const {
  return send("STOPPING=1\nSTATUS=" + one_line(status));
}

std::error_code service_notifier::extend(std::chrono::microseconds more,
                                         std::string_view status) const {
  return send("EXTEND_TIMEOUT_USEC=" + std::to_string(more.count()) +
              "\nSTATUS=" + one_line(status));
}

std::error_code service_notifier::alive() const {
  return send("WATCHDOG=1");
}

std::error_code service_notifier::send(std::string_view state) const {
  if (socket_.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((socket_[0] != '/' && socket_[0] != '@') || socket_.size() >= sizeof(address.sun_path)) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  std::ranges::copy(socket_, address.sun_path);
  auto length = offsetof(sockaddr_un, sun_path) + socket_.size();
  if (socket_[0] == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++length;  // A path ends in a zero byte, an abstract name does not.
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return last_error();
  const auto sent =
      ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(length));
  const std::error_code error = sent < 0 ? last_error() : std::error_code{};
  ::close(fd);
  return error;
}

}  // namespace godwit::daemon
