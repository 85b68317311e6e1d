#include "given_sockets.hpp"
#include "peer_address.hpp"
#include "unix_listener.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/net/file_limit.hpp>
#include <godwit/net/listener.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace godwit::net {
namespace {

using boost::asio::ip::tcp;
using opened = base::result<std::vector<std::unique_ptr<listener>>, listen_error>;

enum class sharing : std::uint8_t { alone, with_other_shards };

std::string quoted(const listener_options& o) {
  return "listener \"" + o.name + "\": ";
}

bool has_ipv6() noexcept {
  return static_cast<bool>(unique_fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)});
}

std::optional<boost::asio::ip::address> parse(const std::string& bind) {
  if (bind == "localhost") return boost::asio::ip::address_v4::loopback();
  if (bind == "*") {
    if (has_ipv6()) return boost::asio::ip::address_v6::any();
    return boost::asio::ip::address_v4::any();
  }
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(bind, wrong);
  if (wrong) return std::nullopt;
  return address;
}

/// What one listener becomes.
struct plan {
  listener_options options;
  tcp::endpoint where;
  bool ipv6_only = false;
};

listen_error explain(const plan& p, int error) {
  using kind = listen_error::kind;
  const std::string at = endpoint_text(p.where.data());
  const std::string start = quoted(p.options);
  switch (error) {
    case EADDRINUSE:
      return {kind::in_use,
              start + at +
                  " is already in use (by another program or another godwitd); choose "
                  "another port or stop the other one"};
    case EACCES:
    case EPERM:
      return {
          kind::no_permission,
          start + "no permission to listen on " + at +
              (p.where.port() < 1'024 ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE, so "
                                        "choose a higher one or grant the capability"
                                      : "; a security policy of the system forbids it")};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return {kind::no_such_address, start + "this machine has no address " +
                                         p.where.address().to_string() +
                                         "; use one of its own, or \"*\" for all of them"};
    case EMFILE:
      return {kind::system, start + "cannot listen on " + at +
                                ": too many open files; the limit of this process is " +
                                std::to_string(file_limit())};
    default:
      return {kind::system,
              start + "cannot listen on " + at + ": " + std::system_category().message(error)};
  }
}

bool set(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// A listening socket; connections inherit TCP_NODELAY and TCP_USER_TIMEOUT from it (Linux).
/// Keepalive probes stay off: they would wake radios. On failure nothing, and `errno`.
unique_fd listen_on(const plan& p, tcp::endpoint where, sharing how, const tuning& tune) {
  const int family = where.protocol().family();
  unique_fd s{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int unacknowledged_ms = static_cast<int>(tune.unacknowledged_max.count());
  const bool ok =
      s && set(s.value(), SOL_SOCKET, SO_REUSEADDR, 1) &&
      (family != AF_INET6 || set(s.value(), IPPROTO_IPV6, IPV6_V6ONLY, p.ipv6_only ? 1 : 0)) &&
      (how == sharing::alone || set(s.value(), SOL_SOCKET, SO_REUSEPORT, 1)) &&
      set(s.value(), IPPROTO_TCP, TCP_NODELAY, 1) &&
      set(s.value(), IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms) &&
      ::bind(s.value(), where.data(), static_cast<socklen_t>(where.size())) == 0 &&
      ::listen(s.value(), p.options.backlog) == 0 &&
      (how == sharing::with_other_shards || set(s.value(), SOL_SOCKET, SO_REUSEPORT, 1));
  if (!ok) s.reset();
  return s;
}

std::uint16_t port_of(int fd) {
  tcp::endpoint bound;
  auto size = static_cast<socklen_t>(bound.capacity());
  GODWIT_ASSERT(::getsockname(fd, bound.data(), &size) == 0);
  bound.resize(size);
  return bound.port();
}

base::result<std::vector<plan>, listen_error> make_plans(std::span<const listener_options> wanted) {
  std::vector<plan> plans;
  for (const listener_options& o : wanted) {
    if (o.is_path()) {
      plans.push_back({o, {}});
      continue;
    }
    const auto address = parse(o.bind);
    if (!address) {
      return listen_error{listen_error::kind::bad_address,
                          quoted(o) + "\"" + o.bind +
                              "\" is not an address; use a literal IPv4 or IPv6 address, "
                              "\"localhost\" or \"*\""};
    }
    plans.push_back({o, {*address, o.port}});
    for (const plan& earlier : std::span{plans}.first(plans.size() - 1)) {
      if (o.port == 0 || earlier.options.is_path() || earlier.where != plans.back().where) continue;
      return listen_error{listen_error::kind::in_use,
                          quoted(o) + endpoint_text(plans.back().where.data()) +
                              " belongs to listener \"" + earlier.options.name +
                              "\" already; give one of them another port"};
    }
  }
  for (plan& p : plans) {
    for (const plan& other : plans) {
      if (other.options.is_path()) continue;
      const bool is_same = other.where.port() == p.where.port() && p.where.port() != 0;
      if (other.where.address().is_v4() && is_same) p.ipv6_only = true;
    }
  }
  return plans;
}

std::vector<listener_place> places_of(std::span<const plan> plans) {
  std::vector<listener_place> all;
  for (const plan& p : plans) {
    const std::string& name = p.options.name;
    if (p.options.is_path()) {
      all.push_back({name, "unix:" + p.options.bind});
    } else {
      const bool is_any = p.options.port == 0;
      all.push_back({name, endpoint_text(p.where.data()),
                     is_any ? listener_place::port::any : listener_place::port::fixed});
    }
  }
  return all;
}

/// One whose socket somebody else opened.
base::result<void, listen_error> open_given(listener& made, const plan& p, unique_fd socket,
                                            std::size_t shards, const tuning& tune) {
  const bool is_path = p.options.is_path();
  tcp::endpoint where = p.where;
  if (!is_path) where.port(port_of(socket.value()));
  made.sockets = share_given(std::move(socket), is_path ? 1 : shards, p.options.backlog, tune);
  if (made.sockets.empty()) return explain(p, errno);
  made.is_given = true;
  made.port = where.port();
  made.address = is_path ? "unix:" + p.options.bind : endpoint_text(where.data());
  return {};
}

}  // namespace

listener::~listener() {
  if (options.is_path() && !is_given && !address.empty()) ::unlink(options.bind.c_str());
}

/// As long as the rates stay, what has been counted goes on to count.
void listener::adopt(const listener_options& fresh) {
  facts.versions.store(fresh.versions, std::memory_order_relaxed);
  slots.set_limit(fresh.connections_max);
  auto gate = fresh.rate == rate ? rules->gate : std::make_shared<connect_gate>(fresh.rate);
  rate = fresh.rate;
  rules = std::make_shared<entrance_rules>(fresh, std::move(gate));
}

void throw_exception_from_error(const listen_error& error, const boost::source_location&) {
  throw std::runtime_error(error.text);
}

opened open_listeners(std::span<const listener_options> wanted, std::size_t shards,
                      const tuning& tune, std::vector<given_socket> given) {
  auto plans = make_plans(wanted);
  if (!plans) return plans.error();
  auto passed = assign_given(std::move(given), places_of(*plans));
  if (!passed) return passed.error();
  std::vector<std::unique_ptr<listener>> all;
  for (std::size_t i = 0; i < plans->size(); ++i) {
    const plan& p = (*plans)[i];
    auto made = std::make_unique<listener>(p.options);
    if (unique_fd& socket = (*passed)[i]; socket) {
      const auto done = open_given(*made, p, std::move(socket), shards, tune);
      if (!done) return done.error();
      all.push_back(std::move(made));
      continue;
    }
    if (p.options.is_path()) {
      auto socket = listen_on_path(p.options);
      if (!socket) return socket.error();
      made->sockets.push_back(std::move(*socket));
      made->address = "unix:" + p.options.bind;
      all.push_back(std::move(made));
      continue;
    }
    tcp::endpoint where = p.where;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      unique_fd s =
          listen_on(p, where, shard == 0 ? sharing::alone : sharing::with_other_shards, tune);
      if (!s) break;
      where.port(port_of(s.value()));
      made->sockets.push_back(std::move(s));
    }
    if (made->sockets.size() < shards) {
      listen_error why = explain(p, errno);
      if (p.options.optional && why.why == listen_error::kind::no_such_address) continue;
      return why;
    }
    made->port = where.port();
    made->address = endpoint_text(where.data());
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace godwit::net
