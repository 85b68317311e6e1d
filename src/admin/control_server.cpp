#include <godwit/admin/control_server.hpp>
#include <godwit/net/signals_blocked.hpp>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace godwit::admin {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un address_of(const socket_place& place) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  const std::string& path = place.short_path();
  if (path.size() >= sizeof a.sun_path) {
    errno = ENAMETOOLONG;
    fail(path);
  }
  std::memcpy(a.sun_path, path.c_str(), path.size() + 1);
  return a;
}

net::unique_fd make_socket() {
  net::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd) fail("socket");
  return fd;
}

bool connects(const net::unique_fd& fd, const sockaddr_un& a) {
  return ::connect(fd.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
}

/// Takes away a socket that nobody listens on any more; anything else with this name stays.
void remove_stale(const char* path) {
  struct stat found {};
  if (::lstat(path, &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path);
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Calls `take` for each line until it says that it has enough, or the stream, patience or the
/// limit ends.
void read_lines(int fd, std::size_t line_bytes_max,
                const std::function<bool(std::string_view)>& take) {
  std::string kept;
  std::array<char, 16'384> buffer{};
  for (;;) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    std::size_t from = kept.size();
    kept.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end = 0; (end = kept.find('\n', from)) != std::string::npos;) {
      if (!take(std::string_view{kept}.substr(start, end - start))) return;
      start = from = end + 1;
    }
    kept.erase(0, start);
    if (kept.size() > line_bytes_max) return;
  }
}

void limit_waiting(int fd, std::chrono::milliseconds most) {
  const timeval patience{most.count() / 1'000, most.count() % 1'000 * 1'000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

}  // namespace

socket_place::socket_place(const std::string& path) : short_path_{path} {
  if (path.size() < sizeof(sockaddr_un::sun_path)) return;
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  directory_.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) fail(directory);
  short_path_ =
      "/proc/self/fd/" + std::to_string(directory_.value()) + "/" + path.substr(slash + 1);
}

control_peer::control_peer(int fd, const std::atomic<bool>& stopping) noexcept
    : fd_{fd}, stopping_{stopping} {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) user_ = who.uid;
}

bool control_peer::say(std::string_view line) {
  std::string out{line};
  out += '\n';
  return send_all(fd_, out);
}

control_server::control_server(const control_options& o, handler serve)
    : options_{o},
      serve_{std::move(serve)},
      place_{o.path},
      listening_{make_socket()},
      ended_{::eventfd(0, EFD_CLOEXEC)},
      pool_{o.threads, o.waiting_max} {
  const sockaddr_un a = address_of(place_);
  const net::unique_fd probe = make_socket();
  if (connects(probe, a)) {
    errno = EADDRINUSE;
    fail(o.path + " belongs to another godwitd");
  }
  if (errno == ECONNREFUSED) remove_stale(a.sun_path);
  if (::bind(listening_.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) {
    fail("bind " + o.path);
  }
  constexpr mode_t user_and_group = 0660;
  constexpr int backlog = 16;
  // Nobody can connect before it listens.
  if (::chmod(a.sun_path, user_and_group) != 0) fail("chmod " + o.path);
  if (::listen(listening_.value(), backlog) != 0) fail("listen on " + o.path);
  const net::signals_blocked here;
  thread_ = std::thread{[this] {
    ::pthread_setname_np(::pthread_self(), "godwit/control");
    accept_all();
  }};
}

control_server::~control_server() {
  stopping_ = true;
  constexpr std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(ended_.value(), &one, sizeof one);
  thread_.join();
  {
    // Whoever has not asked yet is not waited for.
    const std::lock_guard lock{mutex_};
    for (const int fd : listened_to_) ::shutdown(fd, SHUT_RD);
  }
  pool_.stop();
  ::unlink(place_.short_path().c_str());
}

void control_server::accept_all() {
  while (!stopping_) {
    std::array<pollfd, 2> ready{{{listening_.value(), POLLIN, 0}, {ended_.value(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 || ready[0].revents == 0) continue;
    const int fd = ::accept4(listening_.value(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {  // out of files or memory: it may pass
      constexpr int pause_ms = 100;
      ::poll(&ready[1], 1, pause_ms);
      continue;
    }
    const auto peer = std::make_shared<net::unique_fd>(fd);
    // One that does not fit is closed with its last owner.
    static_cast<void>(pool_.submit([this, peer] { serve_one(peer->value()); }));
  }
}

void control_server::serve_one(int fd) {
  limit_waiting(fd, options_.idle_max);
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    listened_to_.push_back(fd);
  }
  std::string request;
  read_lines(fd, options_.request_bytes_max, [&](std::string_view line) {
    request = line;
    return false;
  });
  {
    const std::lock_guard lock{mutex_};
    std::erase(listened_to_, fd);
  }
  if (request.empty()) return;
  control_peer peer{fd, stopping_};
  serve_(request, peer);
}

bool ask_control(const std::string& path, std::string_view request,
                 const std::function<void(std::string_view)>& take) {
  const socket_place place{path};
  const net::unique_fd fd = make_socket();
  if (!connects(fd, address_of(place))) {
    if (errno == ENOENT || errno == ECONNREFUSED) return false;
    fail("connect to " + path);
  }
  constexpr std::size_t line_bytes_max = std::size_t{1} << 30U;  // the broker is trusted
  send_all(fd.value(), std::string{request} + "\n");
  read_lines(fd.value(), line_bytes_max, [&](std::string_view line) {
    take(line);
    return true;
  });
  return true;
}

}  // namespace godwit::admin
