#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/net/listener.hpp>
#include <godwit/net/socket_transport.hpp>
#include <godwit/observe/counters.hpp>
#include <godwit/observe/log.hpp>

#include <functional>
#include <limits>
#include <optional>

namespace godwit::net {

/// Accepts the connections of one listener on one shard: a bounded number in a row, and none for a
/// while when the process is out of files, or short of memory. Never spins, logs at most a line a
/// few seconds.
class acceptor {
 public:
  using on_accept =
      std::function<void(unique_fd socket, connection_slot slot, broker::peer_info peer)>;
  using on_refusal = std::function<void(observe::connection_refusal why)>;

  /// `at`, `tune`, the clock and the log outlive it; the first two may change in the meantime, but
  /// for `files_reserved`.
  acceptor(shard_context& context, unique_fd socket, const entrance& at, const tuning& tune,
           const base::clock& clock, observe::log_sink& log, on_accept take, on_refusal count,
           const observe::memory_gauge* memory = nullptr);
  ~acceptor();
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;

  /// Accepts again after a rest that is over.
  void resume(base::steady_time now);
  /// The end of a rest.
  [[nodiscard]] std::optional<base::steady_time> next_due() const { return resting_until_; }

 private:
  enum class outcome : std::uint8_t { accepted, nothing_waits, rest };
  void wait();
  void accept_some();
  [[nodiscard]] outcome accept_one();
  [[nodiscard]] bool is_file_left() noexcept;
  [[nodiscard]] outcome on_error(int error);
  /// Why a connection is closed at once; for the counters, and in words.
  struct refusal {
    observe::connection_refusal counted{};
    std::string_view event;
    const char* why = nullptr;
  };
  [[nodiscard]] std::optional<refusal> judge(
      const std::optional<boost::asio::ip::address_v6>& ip) const;
  [[nodiscard]] outcome rest(std::string_view event, const std::string& why);
  void warn(observe::rate_limit& limit, std::string_view event, std::string_view why);

  shard_context& context_;
  descriptor socket_;
  const entrance& at_;
  const tuning& tune_;
  int files_end_;  // no connection has a file descriptor from here on
  int latest_ = std::numeric_limits<int>::max();  // the number of the last one; first, look
  const base::clock& clock_;
  observe::log_sink& log_;
  on_accept take_;
  on_refusal count_;
  const observe::memory_gauge* memory_;  // null: no limit
  std::optional<base::steady_time> resting_until_;
  observe::rate_limit rest_lines_;
  observe::rate_limit full_lines_;
  observe::rate_limit refused_lines_;
  observe::rate_limit too_fast_lines_;
};

}  // namespace godwit::net
