#include "acceptor.hpp"

#include "peer_address.hpp"

#include <godwit/net/file_limit.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace godwit::net {
namespace {

constexpr std::chrono::seconds line_interval{10};

/// From this many numbers below the end on, each accept is preceded by a look at the next free one:
/// more than all other threads take between two of them.
constexpr int near_end = 1'024;

/// The system hands out the lowest free number, so a high number means that few files are left.
int end_of_files_for_connections(std::uint32_t reserved) noexcept {
  constexpr std::uint64_t part = 8;
  const std::uint64_t limit = std::min<std::uint64_t>(file_limit(), 0x7fff'ffffU);
  return static_cast<int>(limit - std::min<std::uint64_t>(reserved, limit / part));
}

std::string text_of(int error) {
  return std::system_category().message(error);
}

}  // namespace

acceptor::acceptor(shard_context& context, unique_fd socket, const entrance& at, const tuning& tune,
                   const base::clock& clock, observe::log_sink& log, on_accept take,
                   on_refusal count, const observe::memory_gauge* memory)
    : context_{context},
      socket_{context},
      at_{at},
      tune_{tune},
      files_end_{end_of_files_for_connections(tune.files_reserved)},
      clock_{clock},
      log_{log},
      take_{std::move(take)},
      count_{std::move(count)},
      memory_{memory},
      rest_lines_{1, line_interval},
      full_lines_{1, line_interval},
      refused_lines_{1, line_interval},
      too_fast_lines_{1, line_interval} {
  socket_.assign(socket.value());
  static_cast<void>(socket.release());
  wait();
}

/// Closing a descriptor ends the wait for it only when it is the socket's last one, and a given
/// socket has others: this one has to be taken out first.
acceptor::~acceptor() {
  if (socket_.is_open()) unique_fd{socket_.release()}.reset();
}

void acceptor::resume(base::steady_time now) {
  if (!resting_until_ || now < *resting_until_) return;
  resting_until_.reset();
  wait();
}

void acceptor::wait() {
  socket_.async_wait(descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;  // then this may be gone
    context_.claim();
    accept_some();
  });
}

void acceptor::accept_some() {
  for (std::size_t i = 0; i < tune_.accepts_per_turn; ++i) {
    switch (accept_one()) {
      case outcome::accepted:
        break;
      case outcome::nothing_waits:
        wait();
        return;
      case outcome::rest:
        resting_until_ = clock_.now().steady + tune_.accept_pause;
        return;
    }
  }
  wait();  // Fires at once if more are waiting, after the other events.
}

acceptor::outcome acceptor::accept_one() {
  if (memory_ != nullptr && memory_->level() >= observe::memory_level::no_accepting) {
    return rest("listener.memory_short", "memory_limit is near");
  }
  // Who is not accepted waits in the system's backlog; who is accepted could only be closed.
  if (latest_ >= files_end_ - near_end && !is_file_left()) {
    return rest("listener.out_of_files", text_of(EMFILE));
  }
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  auto* const address = reinterpret_cast<sockaddr*>(&from);
  unique_fd s{::accept4(socket_.native_handle(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (!s) return on_error(errno);
  latest_ = s.value();
  const auto ip = ip_address_of(address);
  if (const auto no = judge(ip)) {
    count_(no->counted);
    const bool is_rule = no->counted == observe::connection_refusal::address;
    warn(is_rule ? refused_lines_ : too_fast_lines_, no->event,
         (ip ? endpoint_text(address) + ": " : std::string{}) + no->why);
    return outcome::accepted;
  }
  auto slot = at_.from.slots.take();
  if (!slot) {
    count_(observe::connection_refusal::listener_full);
    warn(full_lines_, "listener.full", "connections_max of the listener is reached");
    return outcome::accepted;
  }
  take_(std::move(s), std::move(*slot),
        {ip ? endpoint_text(address) : at_.from.address, &at_.from.facts});
  return outcome::accepted;
}

/// For one more connection. What others take in between comes out of the reserve.
bool acceptor::is_file_left() noexcept {
  const unique_fd next{::fcntl(socket_.native_handle(), F_DUPFD_CLOEXEC, 0)};
  return next && next.value() < files_end_;
}

/// Nothing: it may connect. Who comes through a proxy is judged when the proxy has said who it is.
std::optional<acceptor::refusal> acceptor::judge(
    const std::optional<boost::asio::ip::address_v6>& ip) const {
  using observe::connection_refusal;
  const bool is_proxied = !at_.from.proxies.empty();
  if (ip && is_proxied && !is_in(at_.from.proxies, *ip)) {
    return refusal{connection_refusal::address, "listener.refused",
                   "it is no proxy (proxy_protocol.from)"};
  }
  if (ip && !is_proxied && !at_.rules->addresses.admits(*ip)) {
    return refusal{connection_refusal::address, "listener.refused",
                   "its address may not connect (allow, deny)"};
  }
  if (!at_.rules->gate->watches_all() && !at_.rules->gate->watches_addresses()) return std::nullopt;
  const base::steady_time now = clock_.now().steady;
  if (ip && !is_proxied && !at_.rules->gate->admits(*ip, now)) {
    return refusal{connection_refusal::address_rate, "listener.too_fast",
                   "its address connects too fast (connect_rate.address_max)"};
  }
  if (!at_.rules->gate->admits(now)) {
    return refusal{connection_refusal::listener_rate, "listener.too_fast",
                   "too many connect in a second (connect_rate.all_max)"};
  }
  return std::nullopt;
}

acceptor::outcome acceptor::on_error(int error) {
  switch (error) {
    case EAGAIN:
      return outcome::nothing_waits;
    case EMFILE:
    case ENFILE:
      return rest("listener.out_of_files", text_of(error));
    case ENOBUFS:
    case ENOMEM:
      return rest("listener.out_of_memory", text_of(error));
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
      return rest("listener.broken", text_of(error));
    default:
      return outcome::accepted;  // An error of the one connection that was waiting.
  }
}

acceptor::outcome acceptor::rest(std::string_view event, const std::string& why) {
  warn(rest_lines_, event, why);
  return outcome::rest;
}

void acceptor::warn(observe::rate_limit& limit, std::string_view event, std::string_view why) {
  const base::moment now = clock_.now();
  const auto suppressed = limit.admit(now.steady);
  if (!suppressed) return;
  const std::array<observe::log_field, 4> fields{
      observe::log_field{"listener", at_.from.options.name},
      observe::log_field{"address", at_.from.address}, observe::log_field{"why", why},
      observe::log_field{"suppressed", *suppressed}};
  log_.write({observe::log_level::warn, now.wall, event, fields});
}

}  // namespace godwit::net
