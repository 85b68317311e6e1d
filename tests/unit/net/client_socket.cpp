#include "client_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>

namespace godwit::test {

client_socket::client_socket(std::uint16_t port, int receive_buffer)
    : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  if (receive_buffer != 0) {
    ::setsockopt(fd_.value(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
  ::setsockopt(fd_.value(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_.value(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(fd_.value(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

void client_socket::send(std::string_view text) const {
  if (!try_send(text)) std::abort();
}

bool client_socket::try_send(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd_.value(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string client_socket::receive(std::size_t size) const {
  std::string text(size, '\0');
  const ssize_t got = ::recv(fd_.value(), text.data(), size, MSG_WAITALL);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::string client_socket::receive_all(end& how) const {
  std::string text;
  std::array<char, 65'536> part{};
  while (true) {
    const ssize_t got = ::recv(fd_.value(), part.data(), part.size(), 0);
    if (got > 0) {
      text.append(part.data(), static_cast<std::size_t>(got));
      continue;
    }
    how = got == 0 ? end::closed : errno == ECONNRESET ? end::reset : end::timed_out;
    return text;
  }
}

void client_socket::finish() const {
  ::shutdown(fd_.value(), SHUT_WR);
}

void client_socket::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.value(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd_.reset();
}

}  // namespace godwit::test
