#include <godwit/admin/http_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <stdexcept>

namespace godwit::admin {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A plain client; what does not come within 20 s does not come.
class client {
 public:
  explicit client(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~client() { ::close(fd_); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void send(const std::string& text) const {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// Up to and including `mark`, or to the end.
  [[nodiscard]] std::string receive(const std::string& mark) const {
    std::string text;
    char byte = 0;
    while ((mark.empty() || !text.ends_with(mark)) && ::recv(fd_, &byte, 1, 0) == 1) text += byte;
    return text;
  }
  [[nodiscard]] std::string receive_all() const { return receive(""); }

 private:
  int fd_;
};

http_answer echo(std::string_view path) {
  if (path == "/missing") return {404, "text/plain", "no\n"};
  return {200, "text/x-test", "path " + std::string{path} + "\n"};
}

http_options any_port() {
  http_options o;
  o.port = 0;
  return o;
}

TEST(HttpServer, AnswersOnOneConnectionAgainAndAgain) {
  const http_server server{any_port(), echo};
  const client c{server.port()};
  for (const char* path : {"/one", "/two"}) {
    c.send("GET " + std::string{path} + "?query=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string text = c.receive("path " + std::string{path} + "\n");
    EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(text, HasSubstr("Content-Type: text/x-test\r\n"));
    EXPECT_THAT(text, HasSubstr("Content-Length: 10\r\n"));
  }
  c.send("GET /missing HTTP/1.0\r\n\r\n");
  EXPECT_THAT(c.receive_all(), StartsWith("HTTP/1.0 404 Not Found\r\n"));
}

TEST(HttpServer, GivesNoBodyForHead) {
  const http_server server{any_port(), echo};
  const client c{server.port()};
  c.send("HEAD /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string text = c.receive_all();
  EXPECT_THAT(text, HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(HttpServer, RefusesWhatItDoesNotServe) {
  http_options o = any_port();
  o.header_bytes_max = 500;
  const http_server server{o, echo};
  const client post{server.port()};
  post.send("POST /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(post.receive_all(), StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  const client large{server.port()};
  large.send("GET / HTTP/1.1\r\nX: " + std::string(600, 'x') + "\r\n\r\n");
  EXPECT_EQ(large.receive_all(), "");
  const client noise{server.port()};
  noise.send("\x10\x0e\r\n\r\n");
  EXPECT_EQ(noise.receive_all(), "");
}

TEST(HttpServer, EndsIdleConnectionsAndThoseAboveItsLimit) {
  http_options o = any_port();
  o.connections_max = 1;
  o.idle_max = std::chrono::milliseconds{300};
  const http_server server{o, echo};
  const client first{server.port()};
  first.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.receive("path /one\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(client{server.port()}.receive_all(), "") << "one is the limit";
  EXPECT_EQ(first.receive_all(), "") << "it asks for nothing";
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const http_server server{any_port(), echo};
  http_options taken;
  taken.port = server.port();
  try {
    const http_server second{taken, echo};
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("127.0.0.1 port " + std::to_string(taken.port)));
    EXPECT_THAT(e.what(), HasSubstr("http.port"));
  }
  http_options bad;
  bad.bind = "localhost:80";
  EXPECT_THROW((http_server{bad, echo}), std::runtime_error);
}

}  // namespace
}  // namespace godwit::admin
