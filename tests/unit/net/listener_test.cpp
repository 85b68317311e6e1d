#include "client_socket.hpp"

#include <godwit/net/listener.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace godwit::net {
namespace {

using kind = listen_error::kind;
using test::client_socket;

listener_options on(std::string name, std::string bind, std::uint16_t port) {
  listener_options o;
  o.name = std::move(name);
  o.bind = std::move(bind);
  o.port = port;
  return o;
}

auto open(std::vector<listener_options> wanted, std::size_t shards = 2) {
  return open_listeners(wanted, shards, tuning{});
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

TEST(Listener, ReportsTheRealPortOfAnEphemeralOne) {
  const auto opened = open({on("default", "127.0.0.1", 0)}, 3).value();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_NE(opened[0]->port, 0);
  EXPECT_EQ(opened[0]->address, "127.0.0.1:" + std::to_string(opened[0]->port));
  EXPECT_EQ(opened[0]->sockets.size(), 3U);
  EXPECT_TRUE(client_socket{opened[0]->port}.connected());
}

TEST(Listener, SaysThatAPortIsInUseByAnotherBroker) {
  const auto first = open({on("default", "127.0.0.1", 0)}).value();
  const std::uint16_t port = first[0]->port;
  const auto second = open({on("default", "127.0.0.1", port)});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().why, kind::in_use);
  EXPECT_EQ(
      second.error().text,
      "listener \"default\": 127.0.0.1:" + std::to_string(port) +
          " is already in use (by another program or another godwitd); choose another port or "
          "stop the other one");
}

TEST(Listener, SaysThatAPortIsInUseOnAllAddresses) {
  const auto first = open({on("default", "127.0.0.1", 0)}).value();
  const auto second = open({on("all", "*", first[0]->port)});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().why, kind::in_use);
}

TEST(Listener, TakesThePortAgainRightAfterTheOtherBrokerHasGone) {
  std::uint16_t port = 0;
  {
    const auto first = open({on("default", "127.0.0.1", 0)}).value();
    port = first[0]->port;
    const client_socket client{port};
    EXPECT_TRUE(client.connected());
  }
  EXPECT_TRUE(open({on("default", "127.0.0.1", port)}));
}

TEST(Listener, OpensTwoOnTheirOwnPorts) {
  const auto opened = open({on("a", "127.0.0.1", 0), on("b", "127.0.0.1", 0)}).value();
  ASSERT_EQ(opened.size(), 2U);
  EXPECT_NE(opened[0]->port, opened[1]->port);
  EXPECT_TRUE(client_socket{opened[0]->port}.connected());
  EXPECT_TRUE(client_socket{opened[1]->port}.connected());
}

TEST(Listener, OpensNoneWhenOneFails) {
  const auto blocker = open({on("blocker", "127.0.0.1", 0)}).value();
  std::uint16_t free_port = open({on("free", "127.0.0.1", 0)}).value()[0]->port;
  const auto failed =
      open({on("free", "127.0.0.1", free_port), on("default", "127.0.0.1", blocker[0]->port)});
  ASSERT_FALSE(failed);
  EXPECT_FALSE(client_socket{free_port}.connected());
}

TEST(Listener, NamesBothListenersOfOneAddress) {
  const auto failed = open({on("a", "127.0.0.1", 18'830), on("b", "127.0.0.1", 18'830)});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text,
            "listener \"b\": 127.0.0.1:18830 belongs to listener \"a\" already; give one of them "
            "another port");
}

TEST(Listener, ListensOnIpv4AndIpv6WithTheSamePort) {
  const auto v4 = open({on("v4", "0.0.0.0", 0)}).value();
  const std::uint16_t port = v4[0]->port;
  EXPECT_FALSE(open({on("v6", "::", port)})) << "takes IPv4 too when it is alone";
  // The port is free for a moment; that the pair can have it is the point.
  v4[0]->sockets.clear();
  const auto both = open({on("v4", "0.0.0.0", port), on("v6", "::", port)});
  ASSERT_TRUE(both);
  EXPECT_EQ((*both)[1]->address, "[::]:" + std::to_string(port));
}

TEST(Listener, RefusesWhatIsNoAddress) {
  const auto failed = open({on("default", "broker.example", 0)});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().why, kind::bad_address);
  EXPECT_EQ(
      failed.error().text,
      "listener \"default\": \"broker.example\" is not an address; use a literal IPv4 or IPv6 "
      "address, \"localhost\" or \"*\"");
}

TEST(Listener, SaysThatTheMachineLacksAnAddress) {
  const auto failed = open({on("default", "192.0.2.1", 0)});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().why, kind::no_such_address);
  EXPECT_EQ(failed.error().text,
            "listener \"default\": this machine has no address 192.0.2.1; use one of its own, or "
            "\"*\" for all of them");
}

TEST(Listener, SkipsAnOptionalOneWhoseAddressTheMachineLacks) {
  auto missing = on("elsewhere", "192.0.2.1", 0);
  missing.optional = true;
  const auto opened = open({missing, on("default", "localhost", 0)}).value();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0]->options.name, "default");
}

TEST(Listener, GivesConnectionsTheirSocketOptionsAndNoKeepaliveProbes) {
  const auto opened = open({on("default", "127.0.0.1", 0)}, 1).value();
  const int fd = opened[0]->sockets[0].value();
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  const client_socket client{opened[0]->port};
  ASSERT_TRUE(client.connected());
  unique_fd s;
  const test::deadline limit;
  while (!s && !limit.is_over()) s.reset(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(option_of(s.value(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option_of(s.value(), IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
  EXPECT_EQ(option_of(s.value(), SOL_SOCKET, SO_KEEPALIVE), 0);
}

/// The first port that everybody may listen on (a setting of the system, usually 1024).
int first_free_port() {
  int port = 1'024;
  std::ifstream{"/proc/sys/net/ipv4/ip_unprivileged_port_start"} >> port;
  return port;
}

TEST(ListenerDeathTest, SaysThatALowPortNeedsPermission) {
  constexpr uid_t nobody = 65'534;
  constexpr std::uint16_t low_port = 81;
  if (first_free_port() <= low_port) GTEST_SKIP() << "this system lets everybody have low ports";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(nobody) != 0) std::_Exit(2);
        const auto failed = open({on("default", "127.0.0.1", low_port)});
        if (failed || failed.error().why != kind::no_permission) std::_Exit(1);
        std::fputs(failed.error().text.c_str(), stderr);
        std::_Exit(0);
      },
      testing::ExitedWithCode(0),
      "listener \"default\": no permission to listen on 127.0.0.1:81; ports below 1024 need root "
      "or "
      "CAP_NET_BIND_SERVICE");
}

TEST(Listener, ThrowsItsTextWhenTheErrorIsNotLookedAt) {
  EXPECT_THROW(static_cast<void>(open({on("default", "nonsense", 0)}).value()), std::runtime_error);
}

}  // namespace
}  // namespace godwit::net
