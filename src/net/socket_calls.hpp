#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <span>

namespace godwit::net {

/// `recv` with the interruption by a signal left out.
inline ssize_t receive_from(int fd, void* to, std::size_t size, int flags) noexcept {
  ssize_t taken = 0;
  do {
    taken = ::recv(fd, to, size, flags | MSG_DONTWAIT);
  } while (taken < 0 && errno == EINTR);
  return taken;
}

/// How much one `sendmsg` took; -1 and `errno` on an error.
inline ssize_t send_to(int fd, std::span<iovec> pieces, int flags) noexcept {
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  ssize_t taken = 0;
  do {
    taken = ::sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (taken < 0 && errno == EINTR);
  return taken;
}

}  // namespace godwit::net
