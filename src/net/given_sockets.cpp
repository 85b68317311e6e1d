#include "given_sockets.hpp"

#include "peer_address.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

namespace godwit::net {
namespace {

std::string quoted(const std::string& name) {
  return "\"" + name + "\"";
}

bool has(int fd, int option, int value) noexcept {
  int is = -1;
  socklen_t size = sizeof is;
  return ::getsockopt(fd, SOL_SOCKET, option, &is, &size) == 0 && is == value;
}

std::string path_of(const sockaddr_storage& address, socklen_t size) {
  sockaddr_un name{};
  std::memcpy(&name, &address, std::min<std::size_t>(size, sizeof name));
  const std::size_t start = offsetof(sockaddr_un, sun_path);
  if (size <= start) return {};
  std::string path(name.sun_path, std::min<std::size_t>(size - start, sizeof name.sun_path));
  if (path.front() == '\0') {
    path.front() = '@';  // an abstract name, as systemd writes it
    return path;
  }
  return path.substr(0, path.find('\0'));
}

/// Nothing: it is no socket that stream connections can be accepted from.
std::optional<std::string> address_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (!has(fd, SO_TYPE, SOCK_STREAM) || !has(fd, SO_ACCEPTCONN, 1) ||
      ::getsockname(fd, generic, &size) != 0) {
    return std::nullopt;
  }
  if (address.ss_family == AF_UNIX) return "unix:" + path_of(address, size);
  return endpoint_text(generic);
}

bool agree(const listener_place& wanted, const std::string& address) {
  if (wanted.which == listener_place::port::fixed) return wanted.address == address;
  const auto host = wanted.address.rfind(':');
  return address.rfind(':') == host && address.substr(0, host) == wanted.address.substr(0, host);
}

std::string known(std::span<const listener_place> listeners) {
  std::string out;
  for (const listener_place& l : listeners) {
    out += (out.empty() ? "" : ", ") + l.name + " (" + l.address + ")";
  }
  return out;
}

listen_error wrong(std::string text) {
  return {listen_error::kind::given, std::move(text)};
}

}  // namespace

base::result<std::vector<unique_fd>, listen_error> assign_given(
    std::vector<given_socket> given, std::span<const listener_place> listeners) {
  std::vector<unique_fd> out(listeners.size());
  for (given_socket& g : given) {
    const std::string start = "the given socket " + quoted(g.name);
    const auto address = address_of(g.socket.value());
    if (!address) {
      return wrong(start +
                   " does not listen for stream connections; use ListenStream= and Accept=no");
    }
    auto at = std::ranges::find(listeners, g.name, &listener_place::name);
    if (at != listeners.end() && !agree(*at, *address)) {
      return wrong(start + " is at " + *address + " and its listener at " + at->address +
                   "; make ListenStream= and bind with port the same");
    }
    if (at == listeners.end()) {
      at = std::ranges::find_if(listeners, [&](const listener_place& l) {
        return l.which == listener_place::port::fixed && l.address == *address;
      });
    }
    if (at == listeners.end()) {
      return wrong(start + " at " + *address +
                   " belongs to no listener; use the address of one, or its name as "
                   "FileDescriptorName=: " +
                   known(listeners));
    }
    unique_fd& place = out[static_cast<std::size_t>(at - listeners.begin())];
    if (place) {
      return wrong(start + " is the second one for the listener " + quoted(at->name) +
                   "; give each listener one socket");
    }
    place = std::move(g.socket);
  }
  return out;
}

std::vector<unique_fd> share_given(unique_fd socket, std::size_t shards, int backlog,
                                   const tuning& tune) {
  const int fd = socket.value();
  const int unacknowledged_ms = static_cast<int>(tune.unacknowledged_max.count());
  const auto set = [fd](int name, int value) {
    return ::setsockopt(fd, IPPROTO_TCP, name, &value, sizeof value) == 0;
  };
  const int flags = ::fcntl(fd, F_GETFL);
  const bool is_tcp = !has(fd, SO_DOMAIN, AF_UNIX);
  std::vector<unique_fd> all;
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::listen(fd, backlog) != 0 ||
      (is_tcp && !(set(TCP_NODELAY, 1) && set(TCP_USER_TIMEOUT, unacknowledged_ms)))) {
    return all;
  }
  all.push_back(std::move(socket));
  while (all.size() < shards) {
    unique_fd another{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (!another) return {};
    all.push_back(std::move(another));
  }
  return all;
}

}  // namespace godwit::net
