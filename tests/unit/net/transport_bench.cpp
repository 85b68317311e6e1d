#include "transport_bench.hpp"

#include <sys/socket.h>

namespace godwit::test {

void recorded_events::on_bytes(broker::connection_token token, base::bytes_view bytes) {
  by_token[token].bytes += base::as_text(bytes);
  ++by_token[token].reads;
  when_bytes(token);
}

void recorded_events::on_writable(broker::connection_token token) {
  ++by_token[token].writable;
  when_writable(token);
}

void recorded_events::on_closed(broker::connection_token token, broker::transport_end how) {
  by_token[token].ends.push_back(how);
  when_closed(token);
}

transport_bench::transport_bench(net::tuning tune)
    : tune_{tune},
      listener_{[&] {
        net::listener_options o;
        o.port = 0;
        return std::move(net::open_listeners(std::span{&o, 1}, 1, tune).value().front());
      }()},
      transport{context, events, tune} {
  transport.begin_turn(clock.now().steady);
}

net::unique_fd transport_bench::accept(int send_buffer) const {
  const deadline limit;
  net::unique_fd accepted;
  while (!accepted && !limit.is_over()) {
    accepted.reset(::accept4(listener_->sockets.front().value(), nullptr, nullptr,
                             SOCK_NONBLOCK | SOCK_CLOEXEC));
  }
  if (send_buffer != 0) {
    ::setsockopt(accepted.value(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  }
  return accepted;
}

client_socket transport_bench::connect(broker::connection_token token, int receive_buffer,
                                       int send_buffer) {
  client_socket client{listener_->port, receive_buffer};
  latest_ = transport.adopt(accept(send_buffer), std::move(*listener_->slots.take()));
  transport.start(latest_, token);
  transport.end_turn();
  return client;
}

std::size_t transport_bench::send(std::string_view text) {
  const base::bytes_view piece = base::as_bytes(text);
  return transport.send(latest_, std::span{&piece, 1});
}

void transport_bench::round() {
  constexpr std::chrono::milliseconds moment{5};
  if (transport.wants_turn()) {
    context.poll_one();
  } else {
    context.run_one_for(moment);
  }
  const base::steady_time now = clock.now().steady;
  transport.begin_turn(now);
  transport.expire(now);
  transport.run_pending();
  transport.end_turn();
}

bool transport_bench::until(const std::function<bool()>& done) {
  const deadline limit;
  while (!done()) {
    if (limit.is_over()) return false;
    round();
  }
  return true;
}

}  // namespace godwit::test
