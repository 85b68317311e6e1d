#pragma once

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/broker/inspection.hpp>
#include <godwit/broker/mail.hpp>
#include <godwit/broker/number_source.hpp>
#include <godwit/broker/post_office.hpp>
#include <godwit/broker/shard_options.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/broker/user_board.hpp>
#include <godwit/observe/counters.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/observe/memory_gauge.hpp>
#include <godwit/routing/interest_table.hpp>
#include <godwit/store/store.hpp>

#include <memory>
#include <optional>
#include <span>

namespace godwit::broker {

/// Names a connection on its shard; the transport keeps it and hands it back. 0 is none. A token of
/// a connection that is gone is recognised and ignored.
using connection_token = std::uint64_t;

/// Everything a shard needs from outside. All of it outlives the shard.
struct shard_ports {
  transport& connections;
  post_office& mail;
  store::store& durable_store;
  auth::authenticator& authenticator;
  auth::authorizer& authorizer;
  routing::interest_table& interest;
  number_source& numbers;
  observe::counters& counters;
  observe::log_sink& log;
  /// The counters of all shards, this one's included, for `$SYS` (shard 0 publishes it).
  std::span<const observe::counters* const> all_counters;
  const observe::memory_gauge* memory = nullptr;  ///< null: not known, no limit
  user_board* users = nullptr;                    ///< null: users are not limited
};

/// How the transport saw a connection end.
enum class transport_end : std::uint8_t { closed_by_peer, lost };

struct shard_engine;

/// One shard of the broker: the sessions whose home it is, their connections, its part of routing,
/// retained messages and shared groups. No socket, no thread, no clock, no file: bytes, mail and
/// time come in; bytes, mail and records go out through the ports.
///
/// Everything happens inside a turn, on one thread:
/// `begin_turn(now)`, any number of events (`open`, `on_bytes`, `on_writable`, `on_closed`,
/// `on_mail`), `end_turn()`. The end of a turn runs what is due, submits the store batch, releases
/// answers whose ticket is durable, writes each connection's output with one `send`, and posts the
/// mail.
class shard {
 public:
  shard(routing::shard_id id, const shard_options& options, const shard_ports& ports);
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  // The turn
  void begin_turn(base::moment now);
  /// A new connection; the CONNECT timeout starts.
  [[nodiscard]] connection_token open(transport_id id, peer_info peer);
  void on_bytes(connection_token token, base::bytes_view bytes);
  void on_writable(connection_token token);
  void on_closed(connection_token token, transport_end how);
  void on_mail(routing::shard_id from, mail_batch&& batch);
  void end_turn();

  /// There is work left that waits for no event: run another turn without sleeping.
  [[nodiscard]] bool wants_turn() const noexcept;
  /// When a turn is needed although nothing happens.
  [[nodiscard]] std::optional<base::steady_time> next_due() const;

  /// In a turn: what decides about logins or rights has changed. Everybody who is connected is
  /// judged again; who would not be let in any more is disconnected.
  void review();

  /// In a turn: the shard goes on by these. How many shards there are, the seed, sizes that are
  /// laid out at the start (`mail_credit`, `topic_cache_entries`), what 5.0 clients were told when
  /// they connected, and limits of users must be as they were. Timers that run go on.
  void adopt(const shard_options& fresh);

  /// Starts a graceful stop: takes no new connection, ends those there are (wills stay), flushes.
  /// `stopped()` is true once nothing of the shard is on its way.
  void stop();
  [[nodiscard]] bool stopped() const noexcept;

  /// What the shard holds, for tests and `$SYS`.
  struct census {
    std::size_t connections = 0;  ///< before CONNECT included
    std::size_t sessions = 0;     ///< clean and persistent
    std::size_t sessions_connected = 0;
    std::size_t subscriptions = 0;  ///< in the router, groups included
    std::size_t trie_nodes = 0;
    std::size_t log_entries = 0;
    std::size_t spilled = 0;       ///< of these, without body in memory
    std::uint64_t body_bytes = 0;  ///< content of the others in persistent sessions
    std::size_t retained = 0;
    std::size_t groups = 0;
    std::size_t timers = 0;
    std::size_t pending = 0;  ///< publishes, subscribes and others waiting for somebody
    std::size_t wills = 0;    ///< wills held for a connection or waiting
  };
  [[nodiscard]] census take_census() const;
  /// For operators, in a turn.
  [[nodiscard]] inspection inspect() noexcept { return inspection{*engine_}; }

 private:
  friend store::high_water recover(std::span<shard* const> shards, const shard_options& options,
                                   store::store& from, base::moment now);
  std::unique_ptr<shard_engine> engine_;
};

/// Gives each shard what the store holds for it. All shards of the broker, in order, before their
/// first turn. Returns what `number_source` must start above.
[[nodiscard]] store::high_water recover(std::span<shard* const> shards,
                                        const shard_options& options, store::store& from,
                                        base::moment now);

/// The shard that owns a client id: a seeded hash, so that clients cannot choose one shard.
[[nodiscard]] routing::shard_id home_of(std::string_view client_id, std::uint64_t seed,
                                        std::size_t shards) noexcept;
/// The shard that holds a topic's retained message.
[[nodiscard]] routing::shard_id home_of_topic(std::string_view topic, std::uint64_t seed,
                                              std::size_t shards) noexcept;
/// The shard that leads a shared group.
[[nodiscard]] routing::shard_id home_of_group(std::string_view group, std::string_view filter,
                                              std::uint64_t seed, std::size_t shards) noexcept;

}  // namespace godwit::broker
