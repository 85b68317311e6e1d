#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/net/listener.hpp>
#include <godwit/net/tls_context.hpp>
#include <godwit/observe/counters.hpp>

#include <memory>
#include <string>

namespace godwit::net {

/// A connection that is not MQTT yet. Exists from the accept until everything that its listener
/// asks for before MQTT has happened, so it may be large.
struct opening {
  opening(const entrance& at, broker::peer_info p)
      : from{at.from}, rules{at.rules}, tls{at.tls}, peer{std::move(p)} {}

  const listener& from;
  std::shared_ptr<const entrance_rules> rules;
  std::shared_ptr<const tls_context> tls;  ///< nothing: no TLS here
  broker::peer_info peer;                  ///< grows while it opens
  base::steady_time accepted{};
  base::steady_time deadline{};
  bool is_proxied = false;  ///< the PROXY header has come
  bool is_secured = false;  ///< the handshake of TLS is over
  bool is_resumed = false;  ///< it went on with a ticket
  bool is_silent = true;    ///< not a byte has come
  bool is_probe = false;    ///< it ended without one: somebody looked whether the port is open
  base::bytes proxy;        ///< the PROXY header, as far as it has come
  std::string request;      ///< for WebSocket, as far as it has come
  std::string failure;      ///< why it failed, in words for the log
  /// And for the counters.
  observe::connection_refusal counted = observe::connection_refusal::handshake_failed;
};

}  // namespace godwit::net
