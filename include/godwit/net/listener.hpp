#pragma once

#include <godwit/base/result.hpp>
#include <godwit/net/connect_gate.hpp>
#include <godwit/net/connection_slots.hpp>
#include <godwit/net/given_socket.hpp>
#include <godwit/net/network.hpp>
#include <godwit/net/options.hpp>
#include <godwit/net/unique_fd.hpp>

#include <boost/assert/source_location.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace godwit::net {

class tls_context;

/// Why a listener cannot be opened: one line for the operator that names the listener, the address,
/// the cause and the way out.
struct listen_error {
  enum class kind : std::uint8_t {
    bad_address,
    no_such_address,
    in_use,
    no_permission,
    given,  ///< a socket that was given is of no use
    tls,
    system
  };
  kind why = kind::system;
  std::string text;
};

/// Asked for by `result::value()`: throws std::runtime_error with the text.
[[noreturn]] void throw_exception_from_error(const listen_error& error,
                                             const boost::source_location& where);

/// Who gets in at a listener, as far as that can change while it is open. Each shard holds the one
/// that counts for it.
struct entrance_rules {
  entrance_rules(const listener_options& o, std::shared_ptr<connect_gate> g)
      : addresses{parse_networks(o.allow), parse_networks(o.deny)},
        websocket{o.websocket},
        gate{std::move(g)} {}
  address_rules addresses;
  websocket_options websocket;
  std::shared_ptr<connect_gate> gate;  ///< how fast connections come, on all shards
};

/// A listener that is open on every shard.
struct listener {
  explicit listener(listener_options o)
      : options{std::move(o)},
        facts{options.name, options.versions},
        proxies{parse_networks(options.proxies)},
        slots{options.connections_max},
        rules{std::make_shared<entrance_rules>(options,
                                               std::make_shared<connect_gate>(options.rate))} {}
  /// Takes a Unix-domain socket's name away, if the socket is the broker's own.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// What can change is taken from these: versions and the limit of connections count at once,
  /// shards have to be told the new `rules`. On the thread that opened it.
  void adopt(const listener_options& fresh);

  listener_options options;  ///< as it was opened
  broker::listener_facts facts;
  std::vector<base::network> proxies;
  connection_slots slots;  ///< its connections on all shards
  std::shared_ptr<const entrance_rules> rules;
  connect_rate rate = options.rate;  ///< that `rules` has
  bool is_given = false;             ///< whoever started the process opened its socket
  std::uint16_t port = 0;            ///< the real one
  std::string address;               ///< with the port: "127.0.0.1:1883"; "unix:/run/mqtt.sock"
  std::vector<unique_fd>
      sockets;  ///< one per shard (a Unix-domain socket: one), listening; shards take them
  std::shared_ptr<const tls_context> tls;  ///< what it starts with; nothing: no TLS
};

/// What shards are told of a listener whose rules have changed.
struct renewed_rules {
  const listener* of;
  std::shared_ptr<const entrance_rules> now;
};

/// A listener as one shard sees it.
struct entrance {
  listener& from;
  std::shared_ptr<const tls_context> tls;  ///< nothing: no TLS
  std::shared_ptr<const entrance_rules> rules;
};

/// Opens all listeners, or none. Each has one socket per shard on the same port (SO_REUSEPORT),
/// over which the system spreads the connections. The first one is opened without SO_REUSEPORT, so
/// that a port which anybody listens on, also another broker of the same user, is an error; it
/// joins the others only once it is listening, so there is no moment at which two brokers could
/// both succeed. At start, before the shards run. Connections made from now on wait until they are
/// accepted. A listener for which a socket is given opens none: its shards share that one. Each
/// given socket must be for one of the listeners.
[[nodiscard]] base::result<std::vector<std::unique_ptr<listener>>, listen_error> open_listeners(
    std::span<const listener_options> wanted, std::size_t shards, const tuning& tune,
    std::vector<given_socket> given = {});

}  // namespace godwit::net
