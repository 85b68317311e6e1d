#include "control_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace godwit::daemon {

namespace {

constexpr const char* socket_name = "control";
constexpr std::size_t request_max = 4'096;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

net::unique_fd open_directory(const std::string& path) {
  net::unique_fd fd{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) fail(path.c_str());
  return fd;
}

/// A socket address holds 107 characters, a path may have more; the open directory stands for it.
sockaddr_un address_in(const net::unique_fd& directory) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.value()) + "/" + socket_name;
  std::memcpy(a.sun_path, path.c_str(), path.size() + 1);
  return a;
}

net::unique_fd make_socket() {
  net::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd) fail("socket");
  return fd;
}

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Up to the end of the line, of the stream or of patience.
std::string read_line(int fd) {
  std::string line;
  char buffer[512];
  while (line.size() < request_max) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    line.append(buffer, static_cast<std::size_t>(got));
    if (const auto end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
  }
  return line;
}

void limit_waiting(int fd) {
  const timeval patience{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

}  // namespace

control_socket::control_socket(const std::string& directory)
    : directory_{open_directory(directory)}, listening_{make_socket()} {
  ::unlinkat(directory_.value(), socket_name, 0);
  const sockaddr_un a = address_in(directory_);
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(listening_.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a);
  ::umask(mask);
  if (bound != 0) fail("bind the control socket");
  if (::listen(listening_.value(), 8) != 0) fail("listen on the control socket");
}

control_socket::~control_socket() {
  ::unlinkat(directory_.value(), socket_name, 0);
}

void control_socket::serve_one(const std::function<std::string(std::string_view)>& handle) {
  const net::unique_fd peer{::accept4(listening_.value(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!peer) return;
  limit_waiting(peer.value());
  const std::string request = read_line(peer.value());
  if (request.empty()) return;
  send_all(peer.value(), handle(request) + "\n");
}

std::optional<std::string> ask_running(const std::string& directory, std::string_view request) {
  const net::unique_fd where = open_directory(directory);
  const net::unique_fd fd = make_socket();
  const sockaddr_un a = address_in(where);
  if (::connect(fd.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    fail("connect to the running godwitd");
  }
  send_all(fd.value(), std::string{request} + "\n");
  return read_line(fd.value());
}

}  // namespace godwit::daemon
