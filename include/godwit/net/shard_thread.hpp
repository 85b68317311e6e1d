#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/net/listener.hpp>
#include <godwit/net/options.hpp>
#include <godwit/net/shard_context.hpp>
#include <godwit/net/shard_host.hpp>
#include <godwit/net/socket_transport.hpp>
#include <godwit/net/thread_post_office.hpp>
#include <godwit/observe/log.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace godwit::net {

class acceptor;
class boot_timer;
class tls_context;
class wake_up;
struct tls_set;

/// How the threads of one broker end together. Shared by them; outlives them.
struct stop_board {
  std::atomic<std::uint32_t> threads{0};   ///< that run
  std::atomic<std::uint32_t> busy{0};      ///< that still have something on its way
  std::atomic<std::uint32_t> requests{0};  ///< to stop; the second one means at once
  std::atomic<bool> is_cut{false};         ///< one of them has ended with something on its way
  std::function<void()> on_ended;          ///< called on the last thread that ends
};

/// What the threads of one broker have in common; all of it outlives them.
struct thread_ports {
  thread_post_office& mail;
  const base::clock& clock;  ///< on CLOCK_BOOTTIME, as the timer is
  observe::log_sink& log;
  stop_board& board;
  const observe::memory_gauge* memory = nullptr;  ///< null: no limit
};

/// The thread of one shard: sleeps until something happens, opens a turn on the first event, takes
/// what else is ready (bounded) and the mail (bounded), and ends the turn. Owns the shard's
/// sockets, its only timer and, once given, its host.
///
/// While the broker has little to do, the thread that has mail for one that sleeps has its turn,
/// too, because to wake a thread costs more than most turns (docs/threading.md).
///
/// Before `start` and after `join` it may be used from the thread that made it. An exception that
/// leaves the host ends the process, with a message.
class shard_thread final : private transport_events, private opening_events, private sleeper {
 public:
  shard_thread(routing::shard_id id, const tuning& tune, const thread_ports& ports);
  ~shard_thread() override;
  shard_thread(const shard_thread&) = delete;
  shard_thread& operator=(const shard_thread&) = delete;

  /// The port that the host is made with.
  [[nodiscard]] socket_transport& connections() noexcept { return connections_; }
  void set_host(std::unique_ptr<shard_host> host) noexcept { host_ = std::move(host); }
  /// Accepts connections of `from`, with one of its sockets. `from` outlives this object.
  void add_listener(listener& from, unique_fd socket);
  /// On its thread, in a turn: connections are accepted with these certificates from now on.
  void renew_tls(const tls_set& fresh);
  /// The same: it goes on by these. What is laid out at the start (`read_bytes_max`) or is the
  /// listening sockets' own (`unacknowledged_max`), and `files_reserved`, must be as they were.
  void adopt(const tuning& fresh, std::span<const renewed_rules> rules);

  /// Runs the shard on a thread of its own, named "godwit/<id>", that handles no signals.
  void start();
  void join();
  /// Runs `work` on the thread, in a turn. Any thread; not run any more once the thread has ended.
  void post(std::function<void()> work);

 private:
  void on_bytes(broker::connection_token token, base::bytes_view bytes) override;
  void on_writable(broker::connection_token token) override;
  void on_closed(broker::connection_token token, broker::transport_end how) override;
  broker::connection_token on_opened(broker::transport_id id, opening& how) override;
  void on_refused(const opening& how) override;
  void count_tls(const opening& how);
  void on_accept(const entrance& at, unique_fd socket, connection_slot slot,
                 broker::peer_info peer);
  void on_timer();
  void ring() noexcept override;
  [[nodiscard]] bool stand_in() override;
  [[nodiscard]] bool have_turn_elsewhere();

  void run();
  void loop();
  [[nodiscard]] bool sleep_or_poll();
  void round(bool was_idle);
  [[nodiscard]] bool is_calm() const noexcept;
  [[nodiscard]] bool looks_for_more(bool was_idle) const noexcept;
  [[nodiscard]] bool has_work() const;
  bool read_mail();
  void finish_turn();
  void open_turn();
  [[nodiscard]] std::optional<base::steady_time> next_due();
  [[nodiscard]] bool is_finished();
  void begin_stop();
  void set_busy(bool busy);
  [[noreturn]] void fail(const char* what) noexcept;

  routing::shard_id id_;
  tuning tune_;
  thread_ports ports_;
  shard_context context_;
  std::unique_ptr<boot_timer> timer_;
  std::unique_ptr<wake_up> wake_up_;
  std::vector<std::unique_ptr<entrance>> entrances_;
  std::vector<std::unique_ptr<acceptor>> acceptors_;
  socket_transport connections_;
  std::unique_ptr<shard_host> host_;
  std::thread thread_;
  observe::rate_limit refused_lines_;
  std::uint32_t lonely_rounds_ = 0;  // in a row, with one event at most
  bool turn_open_ = false;
  base::steady_time turn_began_{};
  base::duration last_turn_{};
  bool busy_ = true;
  std::optional<base::steady_time> stop_deadline_;  // set: stopping
};

}  // namespace godwit::net
