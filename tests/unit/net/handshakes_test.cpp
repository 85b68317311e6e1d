#include "net/opening.hpp"
#include "transport_bench.hpp"

#include <godwit/net/handshake_queue.hpp>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace godwit::net {
namespace {

TEST(HandshakeQueue, LetsItsLinesTakeTurnsAndKeepsTheOrderWithinEach) {
  handshake_queue<int> queue;
  using line = handshake_queue<int>::line;
  for (const int i : {1, 2, 3, 4}) queue.add(line::fresh, i);
  for (const int i : {10, 20}) queue.add(line::begun, i);
  std::vector<int> order;
  while (!queue.empty()) order.push_back(queue.take());
  EXPECT_EQ(order, (std::vector<int>{10, 1, 20, 2, 3, 4}));
}

TEST(HandshakeQueue, ServesTheOtherLineNextWhenOneHasBeenEmpty) {
  handshake_queue<int> queue;
  using line = handshake_queue<int>::line;
  queue.add(line::fresh, 1);
  EXPECT_EQ(queue.take(), 1);
  queue.add(line::fresh, 2);
  queue.add(line::begun, 10);
  EXPECT_EQ(queue.take(), 10);
  EXPECT_EQ(queue.take(), 2);
}

struct freed {
  void operator()(SSL* s) const noexcept { SSL_free(s); }
  void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
};

/// A client that shakes hands over a socket without waiting.
class tls_client {
 public:
  tls_client(SSL_CTX* context, std::uint16_t port) : socket_{port}, session_{SSL_new(context)} {
    ::fcntl(socket_.fd(), F_SETFL, O_NONBLOCK);
    SSL_set_fd(session_.get(), socket_.fd());
  }
  void go_on() { SSL_connect(session_.get()); }
  [[nodiscard]] bool has_an_answer() const {
    pollfd one{socket_.fd(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
  }

 private:
  test::client_socket socket_;
  std::unique_ptr<SSL, freed> session_;
};

class opened_counter final : public opening_events {
 public:
  std::size_t count = 0;
  broker::connection_token on_opened(broker::transport_id /*id*/, opening& /*how*/) override {
    return ++count;
  }
  void on_refused(const opening& how) override { ADD_FAILURE() << how.failure; }
};

/// So many clients in the middle of their handshakes, whose both steps cost a signature.
TEST(Handshakes, TakeOnlySoManyStepsInATurn) {
  const std::string directory =
      std::filesystem::temp_directory_path() / ("godwit-shakes-" + std::to_string(::getpid()));
  const std::string make = GODWIT_SOURCE_DIR "/packaging/make-test-ca.sh " + directory;
  ASSERT_EQ(std::system(make.c_str()), 0);
  const boot_clock clock;
  ticket_keys keys{clock};
  listener from{listener_options{}};
  from.options.tls.certificates = {directory + "/server.pem"};
  from.options.tls.keys = {directory + "/server.key"};
  const auto tls = tls_context::load(from.options.tls, "tls", keys);
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(tls) << tls.error().what;
  const entrance at{from, *tls, from.rules};

  constexpr std::size_t crowd = 12;
  tuning tune;
  tune.handshakes_per_turn = 2;
  opened_counter opened;
  test::transport_bench bench{tune};
  bench.transport.report_openings_to(opened);
  const auto turn = [&] {
    bench.transport.begin_turn(clock.now().steady);
    bench.context.poll();
    bench.transport.run_pending();
    bench.transport.end_turn();
  };

  const std::unique_ptr<SSL_CTX, freed> context{SSL_CTX_new(TLS_client_method())};
  std::vector<tls_client> clients;
  for (std::size_t i = 0; i < crowd; ++i) {
    clients.emplace_back(context.get(), bench.port()).go_on();
    bench.transport.open_later(bench.accept(), std::move(*bench.slots().take()),
                               std::make_unique<opening>(at, broker::peer_info{}));
  }
  bench.transport.end_turn();
  const auto answered = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(clients, [](const tls_client& c) { return c.has_an_answer(); }));
  };
  const test::deadline limit;
  std::size_t before = 0;
  while (before < crowd && !limit.is_over()) {
    turn();
    const std::size_t now = answered();
    EXPECT_LE(now - before, tune.handshakes_per_turn);
    before = now;
  }
  ASSERT_EQ(before, crowd);
  ASSERT_EQ(opened.count, 0U);

  for (tls_client& c : clients) c.go_on();
  while (opened.count < crowd && !limit.is_over()) {
    const std::size_t so_far = opened.count;
    turn();
    EXPECT_LE(opened.count - so_far, tune.handshakes_per_turn);
  }
  EXPECT_EQ(opened.count, crowd);
}

}  // namespace
}  // namespace godwit::net
