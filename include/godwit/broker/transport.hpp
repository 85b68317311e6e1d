#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/strong.hpp>
#include <godwit/mqtt/types.hpp>
#include <godwit/session/close_reason.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::broker {

/// A connection as the transport of one shard knows it.
using transport_id = base::strong<std::uint32_t, struct transport_id_tag>;

/// Versions of MQTT, as a set.
class version_set {
 public:
  [[nodiscard]] static constexpr version_set all() noexcept { return version_set{0xff}; }
  constexpr version_set() noexcept = default;
  constexpr void add(mqtt::protocol_version v) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | bit(v));
  }
  [[nodiscard]] constexpr bool has(mqtt::protocol_version v) const noexcept {
    return (bits_ & bit(v)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

 private:
  explicit constexpr version_set(std::uint8_t bits) noexcept : bits_{bits} {}
  static constexpr unsigned bit(mqtt::protocol_version v) noexcept {
    return 1U << static_cast<unsigned>(v);
  }
  std::uint8_t bits_ = 0;
};

/// What a shard needs to know of a listener. Outlives its connections. Any thread.
struct listener_facts {
  std::string name;
  /// A CONNECT of another one is refused. May change at any time.
  std::atomic<version_set> versions{version_set::all()};
};

/// Who the client is by the certificate that it has proved to own. UTF-8 without control
/// characters; a certificate with other names in it is refused in the handshake.
using peer_certificate = auth::certificate;

/// Where a connection comes from; text forms are for the log and for authentication.
struct peer_info {
  std::string address;  ///< "127.0.0.1:40123", "[::1]:40123", "unix:/run/godwit.sock"
  const listener_facts* listener = nullptr;  ///< where it was accepted; nothing: nowhere special
  std::unique_ptr<const peer_certificate> certificate{};  ///< nothing: it showed none

  [[nodiscard]] std::string_view listener_name() const noexcept {
    return listener == nullptr ? std::string_view{} : std::string_view{listener->name};
  }
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
  /// Bytes that the shard's connections take in it, about.
  [[nodiscard]] virtual std::size_t memory_size() const noexcept { return 0; }
};

}  // namespace godwit::broker
