#include "unix_listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace godwit::net {
namespace {

unique_fd new_socket() {
  return unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

const sockaddr* generic(const sockaddr_un& name) noexcept {
  return reinterpret_cast<const sockaddr*>(&name);
}

/// A socket's file that nobody listens on any more.
bool is_left_behind(const sockaddr_un& name) {
  struct stat about {};
  if (::lstat(name.sun_path, &about) != 0 || !S_ISSOCK(about.st_mode)) return false;
  const unique_fd probe = new_socket();
  return probe && ::connect(probe.value(), generic(name), sizeof name) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

base::result<unique_fd, listen_error> listen_on_path(const listener_options& o) {
  using kind = listen_error::kind;
  const std::string start = "listener \"" + o.name + "\": ";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (o.bind.size() >= sizeof name.sun_path) {
    return listen_error{kind::bad_address, start + o.bind +
                                               " is too long for a socket; use a path "
                                               "of at most 107 bytes"};
  }
  std::memcpy(name.sun_path, o.bind.c_str(), o.bind.size() + 1);
  unique_fd s = new_socket();
  if (s && is_left_behind(name)) ::unlink(name.sun_path);
  constexpr mode_t user_and_group = 0660;
  const bool bound = s && ::bind(s.value(), generic(name), sizeof name) == 0;
  if (bound && ::chmod(name.sun_path, user_and_group) == 0 && ::listen(s.value(), o.backlog) == 0) {
    return s;
  }
  const int error = errno;
  if (bound) ::unlink(name.sun_path);
  switch (error) {
    case EADDRINUSE:
      return listen_error{kind::in_use, start + o.bind +
                                            " is already in use (by another program or another "
                                            "godwitd); choose another path or stop the other one"};
    case EACCES:
    case EPERM:
      return listen_error{kind::no_permission, start + "no permission to make the socket " +
                                                   o.bind +
                                                   "; its directory must be writable for the "
                                                   "broker's user"};
    default:
      return listen_error{kind::system, start + "cannot listen on " + o.bind + ": " +
                                            std::system_category().message(error)};
  }
}

}  // namespace godwit::net
