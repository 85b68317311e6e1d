#include <godwit/auth_http/http_authenticator.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

namespace godwit::auth_http {
namespace {

using namespace std::chrono_literals;
using outcome = auth::remote_answer::outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Takes one connection, reads a whole request, says `answer` and closes; with an empty answer it
/// says nothing until the other side has gone.
class one_shot_server {
 public:
  explicit one_shot_server(std::string answer) : answer_{std::move(answer)} {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(::bind(listening_, address, size), 0);
    EXPECT_EQ(::listen(listening_, 1), 0);
    EXPECT_EQ(::getsockname(listening_, address, &size), 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~one_shot_server() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  one_shot_server(const one_shot_server&) = delete;
  one_shot_server& operator=(const one_shot_server&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/login?x=1";
  }
  /// After the answer has come.
  [[nodiscard]] const std::string& request() const { return request_; }

 private:
  void serve() {
    const int s = ::accept(listening_, nullptr, nullptr);
    if (s < 0) return;
    std::array<char, 4096> some{};
    for (;;) {
      const ssize_t n = ::recv(s, some.data(), some.size(), 0);
      if (n <= 0) break;
      request_.append(some.data(), static_cast<std::size_t>(n));
      if (answer_.empty() || !is_whole()) continue;
      static_cast<void>(::send(s, answer_.data(), answer_.size(), MSG_NOSIGNAL));
      break;
    }
    ::close(s);
  }
  bool is_whole() const {
    const auto end = request_.find("\r\n\r\n");
    const auto at = request_.find("Content-Length: ");
    if (end == std::string::npos || at == std::string::npos) return false;
    return request_.size() >= end + 4 + std::stoul(request_.substr(at + 16));
  }

  std::string answer_;
  std::string request_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

auth::remote_question question() {
  auth::remote_question q;
  q.user_name = "ann \"x\"";
  q.client_id = "phone";
  q.address = "10.0.0.1";
  q.listener = "default";
  const base::bytes_view password = base::as_bytes("secret");
  q.password.assign(password.begin(), password.end());
  return q;
}

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nContent-Type: application/json\r\n\r\n" + body;
}

auth::remote_answer ask(const std::string& url, std::chrono::milliseconds timeout = 30s) {
  const auto where = parse_url(url);
  EXPECT_TRUE(where.has_value());
  return http_authenticator{*where, timeout}.ask(question());
}
outcome said(const std::string& raw) {
  const one_shot_server server{raw};
  return ask(server.url()).said;
}

TEST(HttpAuthenticator, AsksWithAllThatIsKnown) {
  const one_shot_server server{
      answer("200 OK", R"({"result":"allow","groups":["a","b"],"expires_in":60})")};
  const auth::remote_answer a = ask(server.url());
  EXPECT_EQ(a.said, outcome::allowed);
  EXPECT_THAT(a.groups, ElementsAre("a", "b"));
  EXPECT_EQ(a.good_for, 60s);
  EXPECT_THAT(server.request(), StartsWith("POST /login?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.request(),
              HasSubstr(R"({"password":"secret","user_name":"ann \"x\"","client_id":"phone",)"
                        R"("address":"10.0.0.1","listener":"default"})"));
}

TEST(HttpAuthenticator, TellsNoFromFailure) {
  EXPECT_EQ(said(answer("200 OK", R"({"result":"deny"})")), outcome::denied);
  EXPECT_EQ(said(answer("401 Unauthorized", "")), outcome::denied);
  EXPECT_EQ(said(answer("403 Forbidden", "no")), outcome::denied);
}

// Battery 88: a service that fails lets nobody in.
TEST(HttpAuthenticator, LetsNobodyInForAnythingElse) {
  for (const std::string& raw :
       {answer("200 OK", ""), answer("200 OK", "{}"), answer("200 OK", R"({"result":true})"),
        answer("200 OK", R"({"result":"ALLOW"})"), answer("200 OK", R"({"result":"allow")"),
        answer("200 OK", R"({"result":"allow","groups":"a"})"),
        answer("200 OK", R"({"result":"allow","expires_in":-1})"),
        answer("201 Created", R"({"result":"allow"})"), answer("302 Found", ""),
        answer("500 Internal Server Error", R"({"result":"allow"})"),
        answer("200 OK", R"({"result":"allow","x":")" + std::string(70'000, 'x') + "\"}"),
        std::string{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"result\":\"allow\"}"},
        std::string{"not HTTP at all\r\n\r\n"}}) {
    EXPECT_EQ(said(raw), outcome::failed) << raw.substr(0, 100);
  }
}

TEST(HttpAuthenticator, WaitsForALimitedTime) {
  const one_shot_server silent{""};
  EXPECT_EQ(ask(silent.url(), 50ms).said, outcome::failed);
  std::string url;
  {
    const one_shot_server gone{"x"};
    url = gone.url();
  }
  EXPECT_EQ(ask(url).said, outcome::failed);
}

TEST(HttpUrl, IsTakenApart) {
  const auto plain = parse_url("http://auth.example/");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host + " " + plain->port + " " + plain->path, "auth.example 80 /");
  const auto six = parse_url("http://[::1]:8080/a?b=c");
  ASSERT_TRUE(six.has_value());
  EXPECT_EQ(six->host + " " + six->port + " " + six->path, "::1 8080 /a?b=c");
  for (const char* wrong : {"", "https://a/", "http://", "http://a:b/", "http://a:0/", "http://:1/",
                            "http://a/b c", "http://u@a/", "http://[::1/", "http://a:123456/"}) {
    EXPECT_FALSE(parse_url(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace godwit::auth_http
