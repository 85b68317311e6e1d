#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/strong.hpp>
#include <godwit/session/close_reason.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace godwit::broker {

/// A connection as the transport of one shard knows it.
using transport_id = base::strong<std::uint32_t, struct transport_id_tag>;

/// Who the client is by the certificate that it has proved to own.
using peer_certificate = auth::certificate;

/// Where a connection comes from; text forms are for the log and for authentication.
struct peer_info {
  std::string address;   ///< "127.0.0.1:40123", "[::1]:40123"
  std::string listener;  ///< name of the listener it was accepted on
  /// What the listener verified of the client's certificate; null: it showed none.
  std::unique_ptr<const peer_certificate> certificate{};
};

/// A connection on its way to another shard: whatever the transport needs to go on there.
class detached_transport {
 public:
  virtual ~detached_transport() = default;
};

/// The port to one shard's connections. All calls come from the shard's thread, in its turn.
class transport {
 public:
  virtual ~transport() = default;

  /// Gives the pieces to the network in order; returns how many bytes it took, right now. When that
  /// is less than all, `shard::on_writable` follows as soon as more can be taken. An error counts
  /// as "all taken" and is reported through `shard::on_closed`, later, never from inside this call.
  virtual std::size_t send(transport_id id, std::span<const base::bytes_view> pieces) = 0;
  /// Ends the connection after what was sent: the peer gets all of it, then the end. The id is gone
  /// for the shard when this returns; no call about it follows.
  virtual void close(transport_id id) = 0;
  /// Stops and resumes reading. A paused connection still reports that it was closed by an error,
  /// and keeps unread bytes in the operating system, so that the peer feels it.
  virtual void set_reading(transport_id id, bool on) = 0;
  /// Reads once, a bounded amount, from a connection whose reading is paused. Bytes arrive through
  /// `shard::on_bytes` in this turn or a later one.
  virtual void read_once(transport_id id) = 0;
  /// Takes the connection away from this shard; its id is gone.
  [[nodiscard]] virtual std::unique_ptr<detached_transport> detach(transport_id id) = 0;
  /// Puts a detached connection on this shard: its new id. `token` is what the transport hands back
  /// in `shard::on_bytes` and the like. Reading is on.
  [[nodiscard]] virtual transport_id attach(std::unique_ptr<detached_transport> connection,
                                            std::uint64_t token) = 0;
};

}  // namespace godwit::broker
