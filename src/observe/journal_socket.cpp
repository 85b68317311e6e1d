#include "journal_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace godwit::observe {

journal_socket::journal_socket(std::string path)
    : path_{std::move(path)}, socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {}

journal_socket::~journal_socket() {
  if (socket_ >= 0) ::close(socket_);
}

bool journal_socket::send(std::string_view datagram) noexcept {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path_.size() >= sizeof to.sun_path) return false;
  std::ranges::copy(path_, to.sun_path);
  ssize_t sent = 0;
  do {
    sent = ::sendto(socket_, datagram.data(), datagram.size(), MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace godwit::observe
