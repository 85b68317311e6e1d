#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/observe/histogram.hpp>
#include <godwit/observe/memory_gauge.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace godwit::observe {

/// What a shard counts. Those marked "gauge" also go down; a shard's own share of a gauge may be
/// negative, the sum over all shards is what counts.
enum class counter : std::uint16_t {
  connections_opened,  // sockets accepted
  connections_closed,
  connections_refused,          // ended before MQTT began, by `connection_refusal`; not in _opened
  clients_connected,            // gauge: connections past CONNACK
  sessions_persistent,          // gauge: sessions that outlive their connection
  sessions_persistent_offline,  // gauge: of those, the ones without a connection
  sessions_created,
  sessions_resumed,
  sessions_taken_over,
  sessions_expired,
  bytes_received,
  bytes_sent,
  packets_received,  // control packets of any type
  packets_sent,
  publish_bytes_received,  // payload bytes
  publish_bytes_sent,
  publish_duplicates,  // repeats of a QoS 2 message that is known; not in publish_received
  publish_received,    // = refused + no_subscriber + routed
  publish_no_subscriber,
  publish_routed,
  copies_made,       // = delivered + expired + dropped + ended_with_session + in_log
  copies_delivered,  // QoS 0: given to the socket; QoS 1 and 2: acknowledged
  copies_expired,
  copies_ended_with_session,
  copies_in_log,       // gauge
  copies_redelivered,  // PUBLISH sent with DUP 1
  copies_handed_over,  // from one member of a shared group to another; still one copy
  wills_published,
  subscriptions,         // gauge
  shared_subscriptions,  // gauge
  retained_messages,     // gauge
  retained_bytes,        // gauge: payload bytes
  retained_expired,
  retained_of_clients,        // gauge: without the broker's own, for the limits
  retained_bytes_of_clients,  // gauge: topics and payloads of those
  retained_not_kept,          // published, but there was no room to retain it: retained.*
  retained_withheld,          // copies not made: its publisher may not retain it any more
  stored_messages,            // gauge: message bodies held for sessions or as retained
  stored_message_bytes,       // gauge: their payload bytes
  mail_sent,
  mail_batches_sent,
  mail_for_nobody,          // publishes that the interest table sent to a shard without a match
  turns,                    // rounds of work of the shards' threads
  busy_us,                  // time they took
  slowed_by_publish_rate,   // pauses of a publisher: connection.publishes_per_second_max
  slowed_by_publish_bytes,  // the same: connection.publish_bytes_per_second_max
  slowed_by_memory,         // the same, for lack of memory: memory_limit
  tls_handshakes,           // that came to a good end, the next included
  tls_resumed,              // of those, the ones that went on with a ticket
  tls_failed,               // handshakes that did not: also in connections_refused
  count_                    // keep last
};

/// How a client logged in, or tried to.
enum class login_method : std::uint8_t {
  anonymous,
  password,  // password file
  certificate,
  token,
  http,
  scram,
  count_  // keep last
};
enum class login_result : std::uint8_t { accepted, refused };

/// Why a connection was closed before MQTT began.
enum class connection_refusal : std::uint8_t {
  address,              // allow, deny, proxy_protocol.from
  listener_full,        // listeners[].connections_max
  listener_rate,        // listeners[].connect_rate.all_max
  address_rate,         // listeners[].connect_rate.address_max
  handshake_failed,     // PROXY, TLS or WebSocket
  handshake_timeout,    // connection.handshake_timeout
  too_many_handshakes,  // connection.handshakes_max
  count_                // keep last
};

/// Why an incoming PUBLISH was not accepted.
enum class refuse_reason : std::uint8_t {
  not_authorized,
  invalid_topic,
  retain_refused,     // no room for another retained message: retained.*
  quota_exceeded,     // more user properties than connection.user_properties_max
  store_unavailable,  // low disk, or the store has failed
  connection_closing,
  payload_format_invalid,  // says it is UTF-8 and is not
  count_                   // keep last
};

/// Why a copy that was made for a subscriber did not reach it.
enum class drop_reason : std::uint8_t {
  output_limit,              // QoS 0 over the connection's output limit
  offline,                   // QoS 0 for a session without a connection
  connection_lost,           // QoS 0 that stood in the output of a connection that ended
  queue_bytes,               // the session's limit of queued bytes
  queue_count,               // the session's limit of queued messages
  packet_too_large,          // larger than the client's Maximum Packet Size
  no_permission,             // the subscriber may not read it (any more)
  session_limit_disconnect,  // the overflow policy ended the session's connection
  refused_by_client,         // answered with a v5 reason code >= 0x80
  shared_member_gone,        // a shared copy that no member is left for
  user_quota,                // users.queued_bytes_max
  memory_budget,
  body_missing,  // the store lost it: damage
  count_         // keep last
};

/// Why a CONNECT got no session.
enum class connect_refusal : std::uint8_t {
  malformed,            // or against the protocol
  unsupported_version,  // also one that the listener does not serve
  client_id,            // one that is not accepted
  bad_login,
  not_authorized,  // another user's session, or a will that is not allowed
  not_supported,   // something it asks for is not served here, or is above a limit
  unavailable,     // the login could not be decided, or the keep alive is not served
  low_disk,
  memory_budget,
  taken_over_too_often,
  count_  // keep last
};

/// Why a filter of a SUBSCRIBE was not granted.
enum class subscribe_refusal : std::uint8_t {
  not_authorized,
  invalid_filter,  // malformed, too long or too deep
  not_supported,   // wildcards, shared subscriptions or identifiers that are switched off
  too_many,        // session.subscriptions_max
  low_disk,
  count_  // keep last
};

/// Names as `$SYS` and the metrics show them: snake_case, unique within an enum, never empty.
[[nodiscard]] std::string_view name(counter c) noexcept;
[[nodiscard]] std::string_view name(login_method m) noexcept;
[[nodiscard]] std::string_view name(connection_refusal r) noexcept;
[[nodiscard]] std::string_view name(refuse_reason r) noexcept;
[[nodiscard]] std::string_view name(drop_reason r) noexcept;
[[nodiscard]] std::string_view name(connect_refusal r) noexcept;
[[nodiscard]] std::string_view name(subscribe_refusal r) noexcept;

namespace detail {

template <class Enum>
inline constexpr std::size_t size_of = static_cast<std::size_t>(Enum::count_);

}  // namespace detail

inline constexpr std::size_t packet_types = 16;  // the upper four bits of a packet's first byte
inline constexpr std::size_t qos_levels = 3;
inline constexpr std::size_t close_reasons_max = 32;

/// The same layout twice: `Cell` is an atomic in a shard's counters, a number in their sum.
template <class Cell>
struct counter_cells {
  std::array<Cell, detail::size_of<counter>> values{};
  std::array<Cell, detail::size_of<connection_refusal>> connections_refused{};
  std::array<Cell, detail::size_of<refuse_reason>> refused{};
  std::array<Cell, detail::size_of<drop_reason>> dropped{};
  std::array<Cell, detail::size_of<connect_refusal>> connects_refused{};
  std::array<Cell, detail::size_of<subscribe_refusal>> subscribes_refused{};  // filters
  std::array<Cell, detail::size_of<login_method>> logins_accepted{};
  std::array<Cell, detail::size_of<login_method>> logins_refused{};
  std::array<Cell, packet_types> packets_received{};  // by packet type
  std::array<Cell, packet_types> packets_sent{};
  std::array<Cell, qos_levels> publish_received{};  // by QoS, duplicates included
  std::array<Cell, qos_levels> publish_sent{};      // by QoS, redeliveries included
  std::array<Cell, close_reasons_max> closes{};     // by the session module's close reason
  std::array<Cell, memory_kinds> memory{};          // gauges, bytes, as last swept
};

/// Sums over all shards at about one moment. Balances hold exactly when the broker is at rest, for
/// the shards are read one after the other.
struct totals : counter_cells<std::uint64_t> {
  [[nodiscard]] std::uint64_t operator[](counter c) const noexcept {
    return values[static_cast<std::size_t>(c)];
  }
  [[nodiscard]] std::uint64_t operator[](connection_refusal r) const noexcept {
    return connections_refused[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] std::uint64_t operator[](refuse_reason r) const noexcept {
    return refused[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] std::uint64_t operator[](drop_reason r) const noexcept {
    return dropped[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] std::uint64_t operator[](connect_refusal r) const noexcept {
    return connects_refused[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] std::uint64_t operator[](subscribe_refusal r) const noexcept {
    return subscribes_refused[static_cast<std::size_t>(r)];
  }
  [[nodiscard]] std::uint64_t operator[](memory_kind k) const noexcept {
    return memory[static_cast<std::size_t>(k)];
  }
  /// A gauge's value; below zero it would be a bug of ours, which this shows instead of hiding it.
  [[nodiscard]] std::int64_t gauge(counter c) const noexcept {
    return static_cast<std::int64_t>((*this)[c]);
  }
  [[nodiscard]] std::uint64_t sum_of_refused() const noexcept;
  [[nodiscard]] std::uint64_t sum_of_dropped() const noexcept;
  /// From clients; the broker's own publications are not among them.
  [[nodiscard]] std::uint64_t sum_of_publish_received() const noexcept;
  [[nodiscard]] std::uint64_t sum_of_publish_sent() const noexcept;

  /// received - refused - no subscriber - routed: zero, or publishes vanished or were invented.
  [[nodiscard]] std::int64_t publish_balance() const noexcept;
  /// made - delivered - expired - dropped - ended with session - in log: likewise.
  [[nodiscard]] std::int64_t copy_balance() const noexcept;
};

/// The counters of one shard. Only its own thread adds; any thread may read. An addition is a plain
/// load and store. One per shard, in cache lines of its own; lives as long as the shard.
class alignas(64) counters {
 public:
  void add(counter c, std::uint64_t n = 1) noexcept { bump(cells_.values, index(c), n); }
  /// Counts a gauge down.
  void subtract(counter c, std::uint64_t n = 1) noexcept { bump(cells_.values, index(c), 0 - n); }
  /// Also in `counter::connections_refused`.
  void add(connection_refusal r) noexcept {
    bump(cells_.connections_refused, index(r), 1);
    add(counter::connections_refused);
  }
  void add(refuse_reason r, std::uint64_t n = 1) noexcept { bump(cells_.refused, index(r), n); }
  void add(drop_reason r, std::uint64_t n = 1) noexcept { bump(cells_.dropped, index(r), n); }
  void add(connect_refusal r) noexcept { bump(cells_.connects_refused, index(r), 1); }
  void add(subscribe_refusal r) noexcept { bump(cells_.subscribes_refused, index(r), 1); }
  void add(login_method m, login_result r) noexcept {
    bump(r == login_result::accepted ? cells_.logins_accepted : cells_.logins_refused, index(m), 1);
  }

  /// A packet by its type (the upper four bits of its first byte), also in `packets_received`.
  void add_packet_received(std::size_t type) noexcept {
    bump(cells_.packets_received, type, 1);
    add(counter::packets_received);
  }
  void add_packet_sent(std::size_t type, std::uint64_t n = 1) noexcept {
    bump(cells_.packets_sent, type, n);
    add(counter::packets_sent, n);
  }
  void add_publish_received(std::size_t qos) noexcept { bump(cells_.publish_received, qos, 1); }
  void add_publish_sent(std::size_t qos, std::uint64_t n = 1) noexcept {
    bump(cells_.publish_sent, qos, n);
  }
  void add_close(std::size_t reason) noexcept { bump(cells_.closes, reason, 1); }

  void set(memory_kind k, std::uint64_t bytes) noexcept {
    cells_.memory[index(k)].store(bytes, std::memory_order_relaxed);
  }

  /// A turn of the shard took so long.
  void record_turn(std::uint64_t us) noexcept {
    add(counter::turns);
    add(counter::busy_us, us);
    turn_times_.record(us);
  }
  /// In µs. Any thread.
  [[nodiscard]] const histogram& turn_times() const noexcept { return turn_times_; }

  /// A PUBLISH of QoS 1 or 2 was acknowledged; it took so long from the turn that read it.
  void record_acknowledgement(std::uint64_t us) noexcept { acknowledgement_times_.record(us); }
  /// In µs. Any thread.
  [[nodiscard]] const histogram& acknowledgement_times() const noexcept {
    return acknowledgement_times_;
  }

  /// This shard's share of one. Any thread.
  [[nodiscard]] std::uint64_t operator[](counter c) const noexcept {
    return cells_.values[index(c)].load(std::memory_order_relaxed);
  }
  /// Adds this shard's numbers to `sums`. Any thread.
  void add_to(totals& sums) const noexcept;

 private:
  using cell = std::atomic<std::uint64_t>;

  template <class Enum>
  [[nodiscard]] static constexpr std::size_t index(Enum e) noexcept {
    return static_cast<std::size_t>(e);
  }
  template <std::size_t Size>
  static void bump(std::array<cell, Size>& cells, std::size_t at, std::uint64_t n) noexcept {
    GODWIT_ASSERT(at < Size);
    cells[at].store(cells[at].load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  counter_cells<cell> cells_;
  histogram turn_times_;
  histogram acknowledgement_times_;
};

/// Sums over shards. Any thread.
[[nodiscard]] totals sum(std::span<const counters* const> shards) noexcept;

}  // namespace godwit::observe
