#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/broker/mail.hpp>
#include <godwit/broker/shard.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/observe/counters.hpp>

#include <optional>

namespace godwit::net {

/// What `socket_transport` reports, on its shard's thread, in a turn.
class transport_events {
 public:
  virtual ~transport_events() = default;
  virtual void on_bytes(broker::connection_token token, base::bytes_view bytes) = 0;
  virtual void on_writable(broker::connection_token token) = 0;
  /// The last event of a connection. Its id is known to the transport until the turn ends, so that
  /// calls which are under way do no harm.
  virtual void on_closed(broker::connection_token token, broker::transport_end how) = 0;
};

/// What a `shard_thread` drives: `broker::shard`, or a small stand-in in tests. Same contract.
class shard_host : public transport_events {
 public:
  virtual void begin_turn(base::moment now) = 0;
  [[nodiscard]] virtual broker::connection_token open(broker::transport_id id,
                                                      broker::peer_info peer) = 0;
  virtual void on_mail(routing::shard_id from, broker::mail_batch&& batch) = 0;
  virtual void end_turn() = 0;
  /// What turns submit to the disk in between, also those of other shards, is committed together.
  virtual void hold_commits() noexcept {}
  virtual void release_commits() noexcept {}
  [[nodiscard]] virtual bool wants_turn() const noexcept = 0;
  [[nodiscard]] virtual std::optional<base::steady_time> next_due() const = 0;
  /// A turn has ended; it took so long.
  virtual void count_turn(base::duration) noexcept {}
  /// A connection did not get as far as MQTT.
  virtual void count_refused(observe::connection_refusal) noexcept {}
  /// What happens before MQTT.
  virtual void count(observe::counter) noexcept {}
  virtual void stop() = 0;
  [[nodiscard]] virtual bool stopped() const noexcept = 0;
};

}  // namespace godwit::net
