#pragma once

#include "stream.hpp"

#include <godwit/broker/transport.hpp>
#include <godwit/net/connection_slots.hpp>
#include <godwit/net/socket_transport.hpp>
#include <godwit/net/unique_fd.hpp>

#include <memory>

namespace godwit::net {

/// A connection between two shards.
struct socket_transport::detached_socket final : broker::detached_transport {
  std::unique_ptr<stream> sealed;  // nothing: bytes of MQTT are on the wire
  unique_fd socket;                // none: it is lost already
  connection_slot slot;
};

}  // namespace godwit::net
