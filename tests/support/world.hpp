#pragma once

#include "support/captured_log.hpp"
#include "support/test_client.hpp"

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>
#include <godwit/broker/shard.hpp>
#include <godwit/broker/shard_options.hpp>
#include <godwit/observe/counters.hpp>
#include <godwit/store/memory_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace godwit::test {

using store_mode = store::memory_store::mode;

struct world_options {
  std::size_t shards = 2;
  std::uint64_t seed = 1;
  session::limits limits{};
  auth::authorizer* authorizer = nullptr;        ///< nothing: open_authorizer
  auth::authenticator* authenticator = nullptr;  ///< nothing: anonymous_authenticator
  const observe::memory_gauge* memory = nullptr;
  store::memory_store::mode store_mode = store::memory_store::mode::immediate;
  std::uint32_t mail_credit = 4'096;
  std::chrono::seconds sys_interval{0};  ///< off: an idle world stays idle
  /// For whatever else `shard_options` has.
  std::function<void(broker::shard_options&)> tune{};
};

/// A whole broker in one thread: shards, mail between them, a store, clients and time, all of it
/// deterministic. Nothing happens but inside `run`, `advance` and what calls them; time passes only
/// in `advance`.
class world {
 public:
  using options = world_options;

  explicit world(world_options o = {});
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // ---- clients
  // -----------------------------------------------------------------------------------
  /// A new connection, accepted on the shards in turn or on the one named.
  [[nodiscard]] test_client connect_socket(std::optional<std::size_t> shard = std::nullopt);
  /// A new connection that has sent CONNECT; the CONNACK, which must say yes, is taken.
  [[nodiscard]] test_client connect(const connect_options& o = {});
  /// The next `connect_socket` clients come from here.
  void connect_from(std::string address, std::string listener = "default");

  // ---- time
  // --------------------------------------------------------------------------------------
  /// Turns on all shards until nothing is left to do. No time passes.
  void run();
  /// Lets time pass, stopping wherever a shard has something due.
  void advance(base::duration d);
  [[nodiscard]] base::moment now() const;
  /// Runs `f` inside a turn of a shard: for ports that call back later, such as authenticators.
  void in_turn(std::size_t shard, const std::function<void()>& f);

  /// Every shard takes up these options in a turn, as after a reload.
  void adopt(const options& o);

  // ---- store and life
  // ------------------------------------------------------------------------------
  [[nodiscard]] store::memory_store& durable_store();
  /// Power cut: what is not durable is lost, every connection breaks, and the broker starts again
  /// from the store (with another number of shards, if one is given).
  void crash_and_restart(std::optional<std::size_t> shards = std::nullopt);
  /// Graceful stop and start.
  void restart(std::optional<std::size_t> shards = std::nullopt);
  /// Asks all shards to stop and runs until they say they have.
  void stop();
  [[nodiscard]] std::size_t shards() const;
  [[nodiscard]] broker::shard& shard(std::size_t index);

  // ---- what can be seen
  // ----------------------------------------------------------------------------
  [[nodiscard]] const captured_log& log() const;
  /// Sum over all shards.
  [[nodiscard]] broker::shard::census census() const;
  /// Sum over all shards, since the last (re)start.
  [[nodiscard]] observe::totals counters() const;
  /// In µs, of all shards.
  [[nodiscard]] observe::histogram_totals acknowledgement_times() const;
  /// Both sums of the balance must add up now; each that does not is a test failure.
  void check_balance();
  /// After everyone left: sessions, subscriptions, entries, wills and so on must be zero
  /// everywhere, in the store too. Retained messages must number `retained`.
  void check_empty(std::size_t retained = 0);

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::test
