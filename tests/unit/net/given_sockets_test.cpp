#include "client_socket.hpp"

#include <godwit/net/listener.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

namespace godwit::net {
namespace {

using kind = listen_error::kind;
using test::client_socket;
using testing::HasSubstr;

listener_options at(std::string name, std::string bind, std::uint16_t port = 0) {
  listener_options o;
  o.name = std::move(name);
  o.bind = std::move(bind);
  o.port = port;
  return o;
}

/// As a service manager opens it: blocking, and with no option of the broker's.
struct ready_socket {
  explicit ready_socket(std::uint32_t address = INADDR_LOOPBACK)
      : fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in to{};
    socklen_t size = sizeof to;
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&to);
    EXPECT_EQ(::bind(fd.value(), generic, size), 0);
    EXPECT_EQ(::listen(fd.value(), 5), 0);
    EXPECT_EQ(::getsockname(fd.value(), generic, &size), 0);
    port = ntohs(to.sin_port);
  }
  unique_fd fd;
  std::uint16_t port = 0;
};

std::vector<given_socket> one_given(unique_fd fd, std::string name) {
  std::vector<given_socket> all;
  all.push_back({std::move(fd), std::move(name)});
  return all;
}

auto open(const std::vector<listener_options>& wanted, std::vector<given_socket> given,
          std::size_t shards = 3) {
  return open_listeners(wanted, shards, tuning{}, std::move(given));
}

std::string refusal(const std::vector<listener_options>& wanted, std::vector<given_socket> given) {
  const auto opened = open(wanted, std::move(given));
  if (opened) return "none";
  EXPECT_EQ(opened.error().why, kind::given);
  return opened.error().text;
}

TEST(GivenSockets, GoToTheListenerOfTheirAddress) {
  ready_socket socket;
  const std::uint16_t port = socket.port;
  const auto opened = open({at("own", "127.0.0.1"), at("phones", "127.0.0.1", port)},
                           one_given(std::move(socket.fd), "godwit.socket"))
                          .value();
  ASSERT_EQ(opened.size(), 2U);
  EXPECT_FALSE(opened[0]->is_given);
  EXPECT_TRUE(opened[1]->is_given);
  EXPECT_EQ(opened[1]->port, port);
  EXPECT_EQ(opened[1]->address, "127.0.0.1:" + std::to_string(port));
}

TEST(GivenSockets, GoToTheListenerOfTheirNameWhateverItsPort) {
  ready_socket socket;
  const std::uint16_t port = socket.port;
  const auto opened = open({at("own", "127.0.0.1"), at("phones", "127.0.0.1")},
                           one_given(std::move(socket.fd), "phones"))
                          .value();
  EXPECT_NE(opened[0]->port, port);
  EXPECT_EQ(opened[1]->port, port);
  EXPECT_TRUE(opened[1]->is_given);
}

TEST(GivenSockets, AreSharedByAllShards) {
  ready_socket socket;
  const auto opened = open({at("a", "127.0.0.1")}, one_given(std::move(socket.fd), "a"), 3).value();
  ASSERT_EQ(opened[0]->sockets.size(), 3U);
  for (const unique_fd& fd : opened[0]->sockets) {
    EXPECT_NE(::fcntl(fd.value(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(fd.value(), F_GETFL) & O_NONBLOCK, 0);
    const client_socket client{socket.port};
    unique_fd s;
    const test::deadline limit;
    while (!s && !limit.is_over()) s.reset(::accept4(fd.value(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(s);
    int value = 0;
    socklen_t size = sizeof value;
    ::getsockopt(s.value(), IPPROTO_TCP, TCP_NODELAY, &value, &size);
    EXPECT_EQ(value, 1);
    ::getsockopt(s.value(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &size);
    EXPECT_EQ(value, 60'000);
  }
}

TEST(GivenSockets, MustBelongToAListener) {
  ready_socket socket;
  const std::string where = "127.0.0.1:" + std::to_string(socket.port);
  EXPECT_EQ(refusal({at("phones", "127.0.0.1", 1'883)}, one_given(std::move(socket.fd), "other")),
            "the given socket \"other\" at " + where +
                " belongs to no listener; use the address of one, or its name as "
                "FileDescriptorName=: phones (127.0.0.1:1883)");
}

// Rules for who may listen to the world without a login are about the address of the
// configuration.
TEST(GivenSockets, MustBeWhereTheirListenerSaysItIs) {
  ready_socket everywhere{INADDR_ANY};
  const std::string port = std::to_string(everywhere.port);
  EXPECT_EQ(refusal({at("phones", "127.0.0.1")}, one_given(std::move(everywhere.fd), "phones")),
            "the given socket \"phones\" is at 0.0.0.0:" + port +
                " and its listener at 127.0.0.1:0; make ListenStream= and bind with port the same");
  ready_socket elsewhere;
  EXPECT_THAT(
      refusal({at("phones", "127.0.0.1", 1'883)}, one_given(std::move(elsewhere.fd), "phones")),
      HasSubstr("and its listener at 127.0.0.1:1883;"));
}

TEST(GivenSockets, AreOneForEachListener) {
  ready_socket first;
  ready_socket second;
  std::vector<given_socket> two;
  two.push_back({std::move(first.fd), "phones"});
  two.push_back({std::move(second.fd), "phones"});
  EXPECT_EQ(refusal({at("phones", "127.0.0.1")}, std::move(two)),
            "the given socket \"phones\" is the second one for the listener \"phones\"; give each "
            "listener one socket");
}

TEST(GivenSockets, MustListen) {
  const std::string text =
      "the given socket \"phones\" does not listen for stream connections; use ListenStream= and "
      "Accept=no";
  const std::vector<listener_options> wanted{at("phones", "127.0.0.1")};
  unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_EQ(refusal(wanted, one_given(std::move(file), "phones")), text);
  unique_fd datagrams{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  EXPECT_EQ(refusal(wanted, one_given(std::move(datagrams), "phones")), text);
  unique_fd unbound{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  EXPECT_EQ(refusal(wanted, one_given(std::move(unbound), "phones")), text);
}

TEST(GivenSockets, KeepTheFileOfAUnixSocket) {
  std::string pattern = (std::filesystem::temp_directory_path() / "godwit-given-XXXXXX").string();
  const std::string directory = ::mkdtemp(pattern.data());
  const std::string path = directory + "/mqtt.sock";
  unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size());
  ASSERT_EQ(::bind(fd.value(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(::listen(fd.value(), 5), 0);
  {
    const auto opened = open({at("local", path)}, one_given(std::move(fd), "x")).value();
    EXPECT_EQ(opened[0]->address, "unix:" + path);
    EXPECT_EQ(opened[0]->sockets.size(), 1U);
  }
  EXPECT_TRUE(std::filesystem::exists(path)) << "it belongs to whoever made it";
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace godwit::net
