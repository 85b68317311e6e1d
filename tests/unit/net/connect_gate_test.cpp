#include <godwit/net/connect_gate.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace godwit::net {
namespace {

using boost::asio::ip::address_v6;
using boost::asio::ip::make_address_v6;
using namespace std::chrono_literals;

constexpr base::steady_time start{1h};

address_v6 v4(unsigned last) {
  return make_address_v6("::ffff:192.0.2." + std::to_string(last));
}

TEST(ConnectGate, AdmitsABurstAndThenTheRate) {
  connect_gate gate{{.all_max = 10, .burst = 2s}};
  int in = 0;
  while (in < 100 && gate.admits(start)) ++in;
  EXPECT_EQ(in, 20);
  EXPECT_FALSE(gate.admits(start + 99ms));
  EXPECT_TRUE(gate.admits(start + 100ms));
  EXPECT_FALSE(gate.admits(start + 199ms));
  for (in = 0; in < 100 && gate.admits(start + 1h); ++in) {
  }
  EXPECT_EQ(in, 20) << "full again, and no fuller";
}

TEST(ConnectGate, ARefusedConnectionCostsNothing) {
  connect_gate gate{{.all_max = 1}};
  EXPECT_TRUE(gate.admits(start));
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(gate.admits(start + 500ms));
  EXPECT_TRUE(gate.admits(start + 1s));
}

TEST(ConnectGate, ABurstIsAtLeastOneConnection) {
  connect_gate gate{{.all_max = 2, .address_max = 1, .burst = 1ms}};
  EXPECT_TRUE(gate.admits(start));
  EXPECT_FALSE(gate.admits(start));
  EXPECT_TRUE(gate.admits(v4(1), start));
  EXPECT_FALSE(gate.admits(v4(1), start));
}

TEST(ConnectGate, KeepsAddressesApart) {
  connect_gate gate{{.address_max = 3}};
  for (unsigned host = 1; host <= 200; ++host) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.admits(v4(host), start)) << host;
    EXPECT_FALSE(gate.admits(v4(host), start)) << host;
  }
  EXPECT_FALSE(gate.admits(v4(7), start + 333ms));
  EXPECT_TRUE(gate.admits(v4(7), start + 334ms));
}

TEST(ConnectGate, TakesANetworkOfIpv6ForOneAddress) {
  connect_gate gate{{.address_max = 1}};
  EXPECT_TRUE(gate.admits(make_address_v6("2001:db8:1:2::1"), start));
  EXPECT_FALSE(gate.admits(make_address_v6("2001:db8:1:2:ffff::2"), start));
  EXPECT_TRUE(gate.admits(make_address_v6("2001:db8:1:3::1"), start));
}

TEST(ConnectGate, WithoutALimitAdmitsEverybody) {
  connect_gate gate{{}};
  EXPECT_FALSE(gate.watches_all() || gate.watches_addresses());
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(gate.admits(start));
    EXPECT_TRUE(gate.admits(v4(1), start));
  }
}

// An attacker with more networks than there are places makes the gate forgetful, not unfair.
TEST(ConnectGate, ForgetsWhoUsedTheLeastWhenThereAreTooMany) {
  connect_gate gate{{.address_max = 100, .seed = 7}};
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(gate.admits(v4(1), start));
  address_v6::bytes_type bytes{0x20, 0x01, 0x0d, 0xb8};
  for (unsigned i = 0; i < 300'000; ++i) {
    bytes[5] = static_cast<unsigned char>(i >> 16);
    bytes[6] = static_cast<unsigned char>(i >> 8);
    bytes[7] = static_cast<unsigned char>(i);
    EXPECT_TRUE(gate.admits(address_v6{bytes}, start)) << i;
  }
  int in = 0;
  while (in < 200 && gate.admits(v4(1), start)) ++in;
  EXPECT_EQ(in, 50) << "who used much is still known";
}

TEST(ConnectGate, CountsForAllThreadsTogether) {
  constexpr int limit = 1'000;
  connect_gate gate{{.all_max = limit, .address_max = limit}};
  std::atomic<int> in{0};
  std::atomic<int> of_address{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < limit; ++i) {
        if (gate.admits(start)) ++in;
        if (gate.admits(v4(1), start)) ++of_address;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  // A thread that loses eight races in a row is let in.
  EXPECT_GE(in, limit);
  EXPECT_LE(in, limit + limit / 20);
  EXPECT_GE(of_address, limit);
  EXPECT_LE(of_address, limit + limit / 20);
}

}  // namespace
}  // namespace godwit::net
