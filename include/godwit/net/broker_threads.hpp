#pragma once

#include <godwit/net/listener.hpp>
#include <godwit/net/options.hpp>
#include <godwit/net/shard_thread.hpp>
#include <godwit/net/ticket_keys.hpp>
#include <godwit/net/tls_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace godwit::net {

/// What all shards share; outlives the threads.
struct shared_ports {
  store::store& durable_store;
  std::span<auth::authenticator* const> authenticators;  ///< one per shard, like the next
  std::span<auth::authorizer* const> authorizers;
  routing::interest_table& interest;
  broker::number_source& numbers;
  const base::clock& clock;  ///< `boot_clock`
  observe::log_sink& log;
  std::span<observe::counters> counters;  ///< one per shard
  const observe::memory_gauge* memory = nullptr;
};

/// A broker with its sockets and threads. Life: construct (makes the shards, single-threaded) ->
/// `restore` through `shard(i)` -> `open` -> `start` -> `request_stop` -> `join` -> destroy.
class broker_threads {
 public:
  broker_threads(const options& o, const shared_ports& ports);
  /// Ends the threads at once if they still run.
  ~broker_threads();
  broker_threads(const broker_threads&) = delete;
  broker_threads& operator=(const broker_threads&) = delete;

  /// Before `start`, to restore what the store found.
  [[nodiscard]] broker::shard& shard(routing::shard_id id) noexcept;

  /// Opens the listeners, or takes those that are `given`; clients may connect from now on and are
  /// served once the threads run.
  [[nodiscard]] base::result<void, listen_error> open(std::vector<given_socket> given = {});
  /// For contexts that are loaded while the broker runs: their tickets stay good.
  [[nodiscard]] const net::ticket_keys& ticket_keys() const noexcept { return ticket_keys_; }
  /// On a shard's thread, in a turn (`run_on`): connections of its listeners are accepted with
  /// these from now on. A listener gets or loses TLS only when it is opened. Connections that are
  /// open go on as they are.
  void renew_tls(routing::shard_id id, const tls_set& fresh);
  /// From now on these count, as far as they can change while the broker runs; each shard takes
  /// them up in a turn of its own. The others must be as they were. Listeners are known by their
  /// names. On the thread that opened them; does not wait.
  void adopt(const options& fresh);
  /// Of how many listeners that would be.
  [[nodiscard]] std::size_t count_renewed(const tls_set& fresh) const;
  /// What is open, with the real ports, in the order of the options; those left out as optional are
  /// missing.
  [[nodiscard]] const std::vector<std::unique_ptr<listener>>& listeners() const noexcept {
    return listeners_;
  }

  /// `on_ended` is called once, on a shard's thread, when the last one ends: `join` does not wait
  /// then.
  void start(std::function<void()> on_ended = {});
  /// Runs `work` on a shard's thread, in a turn. Any thread; once the threads have ended it is not
  /// run any more.
  void run_on(routing::shard_id id, std::function<void()> work);
  /// Makes every shard run a turn: something outside has changed. Any thread.
  void wake_all();
  /// First call: graceful. Listeners close, shards end their connections and flush; the threads end
  /// when nothing is on its way, after `tuning::stop_max` at the latest. Second call: at once. Any
  /// thread; does not wait.
  void request_stop();
  /// Waits until the threads have ended.
  void join();
  /// After `join`: whether some ended with something on its way, at a second request or because
  /// `tuning::stop_max` was over.
  [[nodiscard]] bool were_cut_short() const noexcept { return board_.is_cut; }

 private:
  options options_;
  shared_ports ports_;
  net::ticket_keys ticket_keys_;
  std::vector<std::unique_ptr<listener>> listeners_;  // connections on their way count in them
  thread_post_office mail_;
  stop_board board_;
  std::vector<const observe::counters*> all_counters_;
  std::unique_ptr<broker::user_board> users_;  // only where users are limited
  std::vector<broker::shard*> shards_;
  std::vector<std::unique_ptr<shard_thread>> threads_;
  bool running_ = false;
};

}  // namespace godwit::net
