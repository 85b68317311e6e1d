#pragma once

#include <godwit/mqtt/error.hpp>

#include <cstdint>

namespace godwit::session {

/// Why a connection ended: exactly one per connection, made where the cause is seen, logged and
/// counted once.
enum class close_cause : std::uint8_t {
  client_disconnected,  ///< DISCONNECT
  client_closed,        ///< FIN without DISCONNECT
  connection_lost,      ///< reset or another error of the network
  connect_timeout,
  keep_alive_timeout,
  protocol_error,  ///< see close_reason::error
  packet_too_large,
  refused,  ///< a CONNACK that says no; see close_reason::error
  taken_over,
  not_authorized,
  queue_overflow,  ///< the session's overflow policy is `disconnect`
  stalled_reader,  ///< took nothing for too long
  server_stopping,
  administrative,
  resources,  ///< a limit of the broker
  low_disk,   ///< a publish waited too long for disk space: store.low_disk, store.low_disk_hold
};
inline constexpr std::size_t close_causes = 16;

[[nodiscard]] const char* name(close_cause cause) noexcept;

struct close_reason {
  close_cause cause = close_cause::client_closed;
  mqtt::protocol_error error{};  ///< Set where a rule or a key can be named.
};

}  // namespace godwit::session
