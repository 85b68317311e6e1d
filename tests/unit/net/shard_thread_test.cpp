#include "relay_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace godwit::net {
namespace {

using test::client_socket;
using test::eventually;
using test::relay_host;
using test::thread_bench;

TEST(ShardThread, AnswersInATurn) {
  thread_bench bench{1};
  bench.start();
  const client_socket client{bench.port()};
  client.send("hello");
  EXPECT_EQ(client.receive(7), "0:hello");
  client.send("again");
  EXPECT_EQ(client.receive(7), "0:again");
  EXPECT_EQ(bench.total(&relay_host::outside_turn), 0U);
}

TEST(ShardThread, SpreadsConnectionsOverAllShards) {
  constexpr std::size_t shards = 4;
  constexpr std::size_t connections = 200;
  thread_bench bench{shards};
  bench.start();
  std::vector<client_socket> clients;
  for (std::size_t i = 0; i < connections; ++i) clients.emplace_back(bench.port());
  ASSERT_TRUE(eventually([&] { return bench.total(&relay_host::opened) == connections; }));
  for (std::size_t i = 0; i < shards; ++i) {
    EXPECT_GT(bench.host(i).opened, connections / shards / 4) << "shard " << i;
  }
  clients.clear();
  EXPECT_TRUE(eventually([&] { return bench.total(&relay_host::closed) == connections; }));
  EXPECT_TRUE(eventually([&] { return bench.open_connections() == 0; }));
}

TEST(ShardThread, MovesAConnectionToAnotherThreadWithAllItsBytes) {
  thread_bench bench{2};
  bench.start();
  for (int i = 0; i < 50; ++i) {
    const client_socket client{bench.port()};
    client.send(">moved");
    const std::string first = client.receive(7);
    ASSERT_THAT(first, testing::AnyOf("0:moved", "1:moved"));
    client.send("here");
    EXPECT_EQ(client.receive(6), first.substr(0, 2) + "here");
  }
  EXPECT_EQ(bench.total(&relay_host::outside_turn), 0U);
}

/// One message at a time until `done`; how many that took.
std::size_t talk(const client_socket& client, std::string_view text,
                 const std::function<bool()>& done) {
  const test::deadline limit;
  std::size_t sent = 0;
  while (!done()) {
    client.send(text);
    ++sent;
    if (client.receive(text.size() + 2).substr(2) != text || limit.is_over()) {
      ADD_FAILURE() << "after " << sent << " messages";
      break;
    }
  }
  return sent;
}

TEST(ShardThread, StandsInForASleepingShardWhileThereIsLittleToDo) {
  thread_bench bench{2};
  bench.start();
  const client_socket client{bench.port()};
  const std::size_t sent =
      talk(client, "!mail", [&] { return bench.total(&relay_host::stood_in_for) >= 100; });
  EXPECT_TRUE(eventually([&] { return bench.total(&relay_host::letters) == sent; }));
  EXPECT_EQ(bench.total(&relay_host::outside_turn), 0U);
  EXPECT_GE(bench.total(&relay_host::holds), 100U) << "both turns have a commit in common";
  EXPECT_TRUE(eventually(
      [&] { return bench.total(&relay_host::releases) == bench.total(&relay_host::holds); }));

  // Its own thread still hears everything else.
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t before = bench.host(i).turns;
    bench.mail.nudge(routing::shard_id{static_cast<std::uint8_t>(i)});
    EXPECT_TRUE(eventually([&] { return bench.host(i).turns > before; }));
  }
  const client_socket other{bench.port()};
  other.send("hello");
  EXPECT_EQ(other.receive(7).substr(1), ":hello");
}

TEST(ShardThread, WakesAShardWhoseTurnIsLong) {
  thread_bench bench{2};
  bench.host(0).turn_takes = bench.host(1).turn_takes = std::chrono::microseconds{700};
  bench.start();
  const client_socket client{bench.port()};
  constexpr std::size_t messages = 100;
  std::size_t n = 0;
  talk(client, "!mail", [&] { return n++ == messages; });
  EXPECT_TRUE(eventually([&] { return bench.total(&relay_host::letters) == messages; }));
  EXPECT_LE(bench.total(&relay_host::stood_in_for), 1U) << "before the first long one";
}

TEST(ShardThread, LosesNoLetterAndNoEventWhereAllStandInForEachOther) {
  constexpr std::size_t shards = 3;
  constexpr std::size_t messages = 2'000;
  thread_bench bench{shards};
  bench.start();
  std::vector<std::jthread> clients;
  for (std::size_t c = 0; c < shards; ++c) {
    clients.emplace_back([&bench] {
      const client_socket client{bench.port()};
      std::size_t n = 0;
      talk(client, "!mail", [&n] { return n++ == messages; });
    });
  }
  // Connections that move, and end, while nobody is awake at their new home.
  constexpr std::size_t movers = 200;
  for (std::size_t m = 0; m < movers; ++m) {
    const client_socket client{bench.port()};
    for (int n = 0; n < 5; ++n) {
      client.send(">on");
      ASSERT_EQ(client.receive(4).substr(1), ":on");
    }
  }
  for (std::size_t n = 0; n < messages; ++n) bench.mail.nudge_all();
  clients.clear();
  EXPECT_TRUE(eventually([&] { return bench.total(&relay_host::letters) == messages * shards; }));
  EXPECT_TRUE(eventually([&] { return bench.total(&relay_host::closed) == shards + movers; }));
  EXPECT_EQ(bench.total(&relay_host::outside_turn), 0U);
}

TEST(ShardThread, StopsWhileShardsStandInForEachOther) {
  for (int i = 0; i < 30; ++i) {
    thread_bench bench{2};
    bench.start();
    const client_socket client{bench.port()};
    std::size_t n = 0;
    talk(client, "!mail", [&n] { return n++ == 60; });
    client.send("!last");
    bench.request_stop();
    client_socket::end how{};
    static_cast<void>(client.receive_all(how));
    EXPECT_EQ(how, client_socket::end::closed);
    client.finish();
    bench.join();
    EXPECT_EQ(bench.ended, 1);
  }
}

TEST(ShardThread, OpensATurnEachTimeTheHostIsDue) {
  thread_bench bench{1};
  const base::steady_time start = bench.clock.now().steady;
  const base::steady_time last = start + std::chrono::milliseconds{40};
  bench.host(0).due = {start + std::chrono::milliseconds{20}, last};
  bench.start();
  ASSERT_TRUE(eventually([&] { return bench.host(0).turns == 2; }));
  EXPECT_GE(bench.clock.now().steady, last);
}

TEST(ShardThread, OpensATurnForANudge) {
  thread_bench bench{1};
  bench.start();
  bench.mail.nudge(routing::shard_id{0});
  EXPECT_TRUE(eventually([&] { return bench.host(0).turns == 1; }));
}

TEST(ShardThread, StopsOnceAllShardsHaveNothingLeft) {
  thread_bench bench{2};
  bench.host(1).may_stop = false;
  bench.start();
  const client_socket client{bench.port()};
  client.send("hello");
  ASSERT_EQ(client.receive(7).substr(1), ":hello");
  bench.request_stop();
  client_socket::end how{};
  EXPECT_EQ(client.receive_all(how), "");
  EXPECT_EQ(how, client_socket::end::closed);
  ASSERT_TRUE(eventually([&] { return bench.host(0).stop_called && bench.host(1).stop_called; }));
  EXPECT_FALSE(client_socket{bench.port()}.connected()) << "listeners close first";
  EXPECT_EQ(bench.ended, 0);
  client.finish();
  bench.host(1).may_stop = true;
  bench.mail.nudge(routing::shard_id{1});
  bench.join();
  EXPECT_EQ(bench.ended, 1);
  EXPECT_EQ(bench.total(&relay_host::outside_turn), 0U);
}

TEST(ShardThread, EndsAtOnceAtTheSecondRequest) {
  tuning tune;
  tune.stop_max = std::chrono::hours{1};
  thread_bench bench{2, tune};
  bench.host(0).may_stop = false;
  bench.start();
  bench.request_stop();
  ASSERT_TRUE(eventually([&] { return bench.host(0).stop_called && bench.host(1).stop_called; }));
  bench.request_stop();
  bench.join();
  EXPECT_EQ(bench.ended, 1);
}

TEST(ShardThread, EndsAfterTheLongestTimeOfAStop) {
  tuning tune;
  tune.stop_max = std::chrono::milliseconds{30};
  thread_bench bench{2, tune};
  bench.host(0).may_stop = false;
  bench.start();
  bench.request_stop();
  bench.join();
  EXPECT_EQ(bench.ended, 1);
}

TEST(ShardThread, ClosesConnectionsAboveTheLimitOfTheListener) {
  thread_bench bench{2, {}, 1};
  bench.start();
  const client_socket first{bench.port()};
  first.send("hello");
  ASSERT_EQ(first.receive(7).substr(1), ":hello");
  for (int i = 0; i < 20; ++i) {
    const client_socket second{bench.port()};
    client_socket::end how{};
    EXPECT_EQ(second.receive_all(how), "");
    EXPECT_NE(how, client_socket::end::timed_out);
  }
  first.send("still");
  EXPECT_EQ(first.receive(7).substr(1), ":still");
  EXPECT_EQ(bench.total(&relay_host::opened), 1U);
  EXPECT_THAT(bench.log.events(), testing::Each("listener.full"));
  EXPECT_LE(bench.log.events().size(), 2U) << "one line a shard";
}

TEST(ShardThreadDeathTest, EndsTheProcessVisiblyWhenAnExceptionLeavesTheHost) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        thread_bench bench{1};
        bench.host(0).throws = true;
        bench.start();
        const client_socket client{bench.port()};
        client.send("x");
        bench.join();
      },
      "godwit: shard 0 failed and the broker ends: broken on purpose");
}

}  // namespace
}  // namespace godwit::net
