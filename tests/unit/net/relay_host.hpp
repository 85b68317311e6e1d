#pragma once

#include "client_socket.hpp"
#include "recording_log.hpp"

#include <godwit/net/boot_clock.hpp>
#include <godwit/net/listener.hpp>
#include <godwit/net/shard_thread.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace godwit::test {

/// Stands in for the broker on one shard's thread. Answers bytes with "<shard>:<bytes>"; bytes that
/// start with '>' move the connection to the next shard first, and for bytes that start with '!'
/// the next shard gets a letter. Other threads read the atomics.
class relay_host final : public net::shard_host {
 public:
  relay_host(routing::shard_id id, std::size_t shards, net::socket_transport& transport,
             broker::post_office& mail)
      : id_{id}, shards_{shards}, transport_{transport}, mail_{mail} {}

  std::atomic<std::size_t> turns{0};
  std::atomic<std::size_t> opened{0};
  std::atomic<std::size_t> closed{0};
  std::atomic<std::size_t> outside_turn{0};  ///< events that came without a turn: must stay 0
  std::atomic<std::size_t> letters{0};
  std::atomic<std::size_t> stood_in_for{0};  ///< letters that came on another shard's thread
  std::atomic<std::size_t> holds{0};
  std::atomic<std::size_t> releases{0};
  std::atomic<bool> stop_called{false};
  std::atomic<bool> may_stop{true};
  std::atomic<bool> throws{false};
  /// Set before `start`.
  base::duration turn_takes{};
  /// When turns are due, in order. Used by the thread only: set before `start`.
  std::deque<base::steady_time> due;

  void begin_turn(base::moment now) override;
  [[nodiscard]] broker::connection_token open(broker::transport_id id,
                                              broker::peer_info peer) override;
  void on_bytes(broker::connection_token token, base::bytes_view bytes) override;
  void on_writable(broker::connection_token token) override;
  void on_closed(broker::connection_token token, broker::transport_end how) override;
  void on_mail(routing::shard_id from, broker::mail_batch&& batch) override;
  void end_turn() override;
  void hold_commits() noexcept override { ++holds; }
  void release_commits() noexcept override { ++releases; }
  [[nodiscard]] bool wants_turn() const noexcept override { return false; }
  [[nodiscard]] std::optional<base::steady_time> next_due() const override {
    return due.empty() ? std::nullopt : std::optional{due.front()};
  }
  void stop() override;
  [[nodiscard]] bool stopped() const noexcept override { return stop_called && may_stop; }

 private:
  void in_turn() noexcept;
  void answer(broker::transport_id id, std::string_view text);
  [[nodiscard]] routing::shard_id next() const noexcept;
  void count_letter();

  routing::shard_id id_;
  std::size_t shards_;
  net::socket_transport& transport_;
  broker::post_office& mail_;
  bool in_turn_ = false;
  base::steady_time now_{};
  broker::connection_token last_token_ = 0;
  std::map<broker::connection_token, broker::transport_id> ids_;
};

/// Threads with relay hosts behind one listener on an ephemeral port of the loopback.
class thread_bench {
 public:
  explicit thread_bench(std::size_t shards, net::tuning tune = {},
                        std::uint32_t connections_max = 0);
  ~thread_bench();

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_->port; }
  [[nodiscard]] relay_host& host(std::size_t i) { return *hosts_[i]; }
  [[nodiscard]] std::uint32_t open_connections() const { return listener_->slots.open(); }
  void start();
  void request_stop();
  void join();
  [[nodiscard]] std::size_t total(std::atomic<std::size_t> relay_host::*what) const;

  net::boot_clock clock;
  recording_log log;
  std::atomic<int> ended{0};
  net::thread_post_office mail;

 private:
  net::stop_board board_;
  std::unique_ptr<net::listener> listener_;
  std::vector<relay_host*> hosts_;
  std::vector<std::unique_ptr<net::shard_thread>> threads_;
};

/// Waits for what other threads do; false when it does not happen in time.
template <class F>
[[nodiscard]] bool eventually(F&& done) {
  const deadline limit;
  while (!done()) {
    if (limit.is_over()) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace godwit::test
