#include "client_socket.hpp"
#include "recording_log.hpp"

#include <godwit/net/boot_clock.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/store/memory_store.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::net {
namespace {

using namespace std::string_literals;
using test::client_socket;

const std::string connack_accepted = "\x20\x02\x00\x00"s;
const std::string suback_qos0 = "\x90\x03\x00\x01\x00"s;

std::string connect_as(const std::string& client_id) {
  const std::string body =
      "\x00\x04MQTT\x04\x02\x00\x00"s + '\0' + static_cast<char>(client_id.size()) + client_id;
  return "\x10"s + static_cast<char>(body.size()) + body;
}

/// A whole broker with an in-memory store on an ephemeral port.
class broker_bench {
 public:
  explicit broker_bench(std::size_t shards)
      : counters_(shards),
        authenticators_(shards, &authenticator_),
        authorizers_(shards, &authorizer_),
        interest_{shards, 1},
        threads_{
            options_for(shards),
            {store_, authenticators_, authorizers_, interest_, numbers_, clock_, log_, counters_}} {
    threads_.open().value();
    threads_.start([this] { ++ended; });
  }
  [[nodiscard]] std::uint16_t port() const { return threads_.listeners().front()->port; }
  [[nodiscard]] broker_threads& threads() noexcept { return threads_; }
  std::atomic<int> ended{0};

 private:
  static options options_for(std::size_t shards) {
    options o;
    o.shard.shards = shards;
    o.listeners.front().port = 0;
    return o;
  }
  boot_clock clock_;
  test::recording_log log_;
  std::vector<observe::counters> counters_;
  store::memory_store store_{store::memory_store::mode::immediate};
  auth::anonymous_authenticator authenticator_;
  auth::open_authorizer authorizer_;
  std::vector<auth::authenticator*> authenticators_;
  std::vector<auth::authorizer*> authorizers_;
  routing::interest_table interest_;
  broker::number_source numbers_;
  broker_threads threads_;
};

class BrokerThreads : public testing::TestWithParam<std::size_t> {};

TEST_P(BrokerThreads, CarryAMessageFromOneClientToAnother) {
  broker_bench bench{GetParam()};
  const client_socket subscriber{bench.port()};
  subscriber.send(connect_as("subscriber"));
  ASSERT_EQ(subscriber.receive(4), connack_accepted);
  subscriber.send("\x82\x08\x00\x01\x00\x03"s + "a/b" + '\0');
  ASSERT_EQ(subscriber.receive(5), suback_qos0);
  for (int i = 0; i < 20; ++i) {
    const client_socket publisher{bench.port()};
    publisher.send(connect_as("publisher" + std::to_string(i)));
    ASSERT_EQ(publisher.receive(4), connack_accepted);
    const std::string publish = "\x30\x07\x00\x03"s + "a/b" + "hi";
    publisher.send(publish + "\xe0\x00"s);
    EXPECT_EQ(subscriber.receive(9), publish);
  }
}

TEST_P(BrokerThreads, EndConnectionsAndThreadsAtARequest) {
  broker_bench bench{GetParam()};
  const client_socket client{bench.port()};
  client.send(connect_as("client"));
  ASSERT_EQ(client.receive(4), connack_accepted);
  bench.threads().request_stop();
  client_socket::end how{};
  EXPECT_EQ(client.receive_all(how), "");
  EXPECT_EQ(how, client_socket::end::closed);
  client.finish();
  bench.threads().join();
  EXPECT_EQ(bench.ended, 1);
}

TEST_P(BrokerThreads, GiveARefusedClientItsAnswerBeforeTheEnd) {
  broker_bench bench{GetParam()};
  const client_socket client{bench.port()};
  // MQIsdp with level 4 is CONNACK 1, and bytes that nobody reads follow it.
  client.send("\x10\x10\x00\x06MQIsdp\x04\x02\x00\x00\x00\x02id"s + std::string(50'000, '\xc0'));
  client_socket::end how{};
  EXPECT_EQ(client.receive_all(how), "\x20\x02\x00\x01"s);
  EXPECT_EQ(how, client_socket::end::closed);
}

INSTANTIATE_TEST_SUITE_P(Shards, BrokerThreads, testing::Values(1, 4));

}  // namespace
}  // namespace godwit::net
