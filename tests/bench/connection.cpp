#include "connection.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

namespace godwit::bench {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr std::size_t events_per_turn = 512;

/// Socket functions want the base type; this is the one place that says so.
const sockaddr* generic(const sockaddr_in& address) {
  return std::bit_cast<const sockaddr*>(&address);
}

void bind_source(int fd, const sockaddr_in& server, std::uint32_t source) {
  const std::uint32_t host = ntohl(server.sin_addr.s_addr);
  if (source == 0 || (host >> 24) != 127) return;
  const int on = 1;
  // The port is chosen at connect(), per destination, and not reserved before.
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(0x7f000001U + source);
  if (::bind(fd, generic(local), sizeof local) != 0) {
    throw bench_error(std::string("bind to a loopback source: ") + std::strerror(errno));
  }
}

}  // namespace

event_loop::event_loop(const layer_options& how, std::size_t largest_packet)
    : epoll_{::epoll_create1(EPOLL_CLOEXEC)}, layers_{how}, scratch_(read_size + largest_packet) {
  if (epoll_ < 0) throw bench_error(std::string("epoll_create1: ") + std::strerror(errno));
}

event_loop::~event_loop() {
  ::close(epoll_);
}

void event_loop::turn(nanoseconds timeout) {
  std::array<epoll_event, events_per_turn> events;
  const nanoseconds wait = std::max(timeout, nanoseconds{0});
  const timespec limit{.tv_sec = wait.count() / 1'000'000'000,
                       .tv_nsec = wait.count() % 1'000'000'000};
  // What was queued between two turns must not wait for an event.
  flush();
  const int ready = ::epoll_pwait2(epoll_, events.data(), events.size(), &limit, nullptr);
  if (ready < 0 && errno != EINTR) {
    throw bench_error(std::string("epoll_pwait2: ") + std::strerror(errno));
  }
  for (int i = 0; i < ready; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    static_cast<event_source*>(event.data.ptr)->on_events(event.events);
  }
  flush();
}

void event_loop::watch(int fd, event_source& source, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw bench_error(std::string("epoll_ctl: ") + std::strerror(errno));
  }
}

void event_loop::rewatch(int fd, event_source& source, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) {
    throw bench_error(std::string("epoll_ctl: ") + std::strerror(errno));
  }
}

void event_loop::flush() {
  // By index: a failing send may queue output on another connection.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    dirty_[i]->dirty_ = false;
    dirty_[i]->flush();
  }
  dirty_.clear();
}

connection::~connection() {
  close();
  if (dirty_) std::erase(loop_.dirty_, this);
}

void connection::open(const sockaddr_in& server, std::uint32_t source) {
  close();
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) throw bench_error(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bind_source(fd_, server, source);
  if (::connect(fd_, generic(server), sizeof server) != 0 && errno != EINPROGRESS) {
    throw bench_error(std::string("connect: ") + std::strerror(errno));
  }
  connecting_ = true;
  loop_.watch(fd_, *this, EPOLLOUT);
}

void connection::adopt(int fd) {
  close();
  fd_ = fd;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  loop_.watch(fd_, *this, EPOLLIN);
}

void connection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  connecting_ = false;
  blocked_ = false;
  tail_.clear();
  output_.clear();
  wire_.clear();
  layer_.reset();
  is_layer_open_ = false;
  sent_ = 0;
}

octets& connection::output() {
  if (!dirty_) {
    dirty_ = true;
    loop_.dirty_.push_back(this);
  }
  return output_;
}

void connection::flush() {
  if (fd_ < 0 || connecting_) return;
  if (is_layer_open_ && !output_.empty()) {
    layer_->seal(output_, wire_);
    output_.clear();
  }
  octets& out = layer_ ? wire_ : output_;
  if (sent_ == out.size()) return;
  const ssize_t n = ::send(fd_, out.data() + sent_, out.size() - sent_, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) return fail(errno);
  if (n > 0) sent_ += static_cast<std::size_t>(n);
  const bool all_sent = sent_ == out.size();
  if (all_sent) {
    out.clear();
    sent_ = 0;
  }
  if (blocked_ == all_sent) {
    blocked_ = !all_sent;
    loop_.rewatch(fd_, *this, EPOLLIN | (blocked_ ? EPOLLOUT : 0U));
  }
}

void connection::on_events(std::uint32_t events) {
  if (connecting_) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(error);
    connecting_ = false;
    loop_.rewatch(fd_, *this, EPOLLIN);
    return begin();
  }
  if ((events & EPOLLOUT) != 0) flush();
  if (fd_ >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) on_readable();
}

void connection::begin() {
  layer_ = loop_.layers_.make(identity());
  if (!layer_) return on_connected();
  layer_->begin(wire_);
  flush();
}

void connection::on_readable() {
  octets& buffer = loop_.scratch_;
  const std::size_t kept = tail_.size();
  if (kept >= buffer.size()) throw bench_error("received a packet larger than any published");
  std::copy(tail_.begin(), tail_.end(), buffer.begin());
  const ssize_t n = ::recv(fd_, buffer.data() + kept, buffer.size() - kept, 0);
  if (n == 0) return fail(0);
  if (n < 0) {
    if (errno != EAGAIN && errno != EINTR) fail(errno);
    return;
  }
  const instant now = steady_clock::now();
  received_ += static_cast<std::uint64_t>(n);
  const octet_view input{buffer.data(), kept + static_cast<std::size_t>(n)};
  if (layer_) return on_layered(input.subspan(kept));
  const std::size_t used = handle_packets(input, now);
  if (fd_ >= 0) tail_.assign(input.begin() + static_cast<std::ptrdiff_t>(used), input.end());
}

/// The packets that are complete; returns how many octets they had.
std::size_t connection::handle_packets(octet_view input, instant now) {
  std::size_t all = 0;
  packet_view packet;
  while (const std::size_t used = next_packet(input.subspan(all), packet)) {
    all += used;
    on_packet(packet, now);
    if (fd_ < 0) break;
  }
  return all;
}

void connection::on_layered(octet_view from_wire) {
  octets plain = std::exchange(tail_, {});
  const auto state = layer_->receive(from_wire, plain, wire_);
  if (state == layer::state::open && !is_layer_open_) {
    is_layer_open_ = true;
    on_connected();
  }
  const std::size_t used = handle_packets(plain, steady_clock::now());
  if (fd_ < 0) return;
  tail_.assign(plain.begin() + static_cast<std::ptrdiff_t>(used), plain.end());
  flush();
  if (state == layer::state::ended && fd_ >= 0) fail(0);
}

void connection::fail(int error) {
  close();
  on_closed(error == 0 ? "closed by the peer" : std::strerror(error));
}

}  // namespace godwit::bench
