#pragma once

#include "client_socket.hpp"

#include <godwit/net/boot_clock.hpp>
#include <godwit/net/listener.hpp>
#include <godwit/net/socket_transport.hpp>

#include <boost/asio/executor_work_guard.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace godwit::test {

/// What a transport reported, by token.
class recorded_events : public net::transport_events {
 public:
  struct record {
    std::string bytes;
    std::size_t reads = 0;
    std::size_t writable = 0;
    std::vector<broker::transport_end> ends;
  };
  std::map<broker::connection_token, record> by_token;
  std::function<void(broker::connection_token)> when_bytes = [](auto) {};
  std::function<void(broker::connection_token)> when_writable = [](auto) {};
  std::function<void(broker::connection_token)> when_closed = [](auto) {};

  void on_bytes(broker::connection_token token, base::bytes_view bytes) override;
  void on_writable(broker::connection_token token) override;
  void on_closed(broker::connection_token token, broker::transport_end how) override;
};

/// One transport on its context, driven by the test's thread; connections come from a listener on
/// an ephemeral port of the loopback.
class transport_bench {
 public:
  explicit transport_bench(net::tuning tune = {});

  /// A connected client; its other end is at the transport under this token.
  [[nodiscard]] client_socket connect(broker::connection_token token, int receive_buffer = 0,
                                      int send_buffer = 0);
  /// The id of the latest connection.
  [[nodiscard]] broker::transport_id id() const noexcept { return latest_; }
  [[nodiscard]] net::unique_fd accept(int send_buffer = 0) const;
  [[nodiscard]] net::connection_slots& slots() noexcept { return listener_->slots; }
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_->port; }

  std::size_t send(std::string_view text);
  /// One round of a shard's thread; waits a moment for events.
  void round();
  /// Rounds until something is true; false when it does not come true in time.
  [[nodiscard]] bool until(const std::function<bool()>& done);
  [[nodiscard]] recorded_events::record& seen(broker::connection_token token) {
    return events.by_token[token];
  }

  net::shard_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> never_out_of_work{
      context.get_executor()};
  recorded_events events;
  net::boot_clock clock;

 private:
  net::tuning tune_;
  std::unique_ptr<net::listener> listener_;
  broker::transport_id latest_{};

 public:
  net::socket_transport transport;
};

}  // namespace godwit::test
