#include <godwit/admin/http_server.hpp>
#include <godwit/net/signals_blocked.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <pthread.h>

#include <stdexcept>
#include <thread>

namespace godwit::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using stream = beast::tcp_stream;
using reply = http::response<http::string_body>;

reply make_reply(const http::request<http::empty_body>& asked, const http_server::handler& answer) {
  http_answer a;
  const bool is_head = asked.method() == http::verb::head;
  if (asked.method() == http::verb::get || is_head) {
    const auto target = asked.target();
    a = answer(std::string_view{target.data(), target.size()}.substr(0, target.find('?')));
  } else {
    a = {405, "text/plain; charset=utf-8", "only GET and HEAD\n"};
  }
  reply r{static_cast<http::status>(a.status), asked.version()};
  r.set(http::field::content_type, a.content_type);
  r.set(http::field::cache_control, "no-store");
  r.set("X-Content-Type-Options", "nosniff");
  if (a.status == 405) r.set(http::field::allow, "GET, HEAD");
  r.keep_alive(asked.keep_alive());
  const std::size_t size = a.body.size();
  if (!is_head) r.body() = std::move(a.body);
  r.content_length(size);
  return r;
}

}  // namespace

struct http_server::engine {
  engine(const http_options& o, handler a) : options{o}, answer{std::move(a)} {}

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(tcp::socket socket);

  http_options options;
  handler answer;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  std::size_t connections = 0;
  std::thread thread;
};

asio::awaitable<void> http_server::engine::accept() {
  asio::steady_timer pause{context};
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of files or memory: it may pass
      pause.expires_after(std::chrono::milliseconds{100});
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (connections >= options.connections_max) continue;  // closes it
    ++connections;
    asio::co_spawn(context, serve(std::move(socket)),
                   [this](const std::exception_ptr&) { --connections; });
  }
}

asio::awaitable<void> http_server::engine::serve(tcp::socket socket) {
  stream peer{std::move(socket)};
  beast::flat_buffer buffer{options.header_bytes_max};
  boost::system::error_code error;
  for (;;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
    peer.expires_after(options.idle_max);
    co_await http::async_read(peer, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    reply r = make_reply(parser.get(), answer);
    const bool goes_on = r.keep_alive();
    http::response_serializer<http::string_body> out{r};
    peer.expires_after(options.idle_max);
    if (parser.get().method() == http::verb::head) {
      co_await http::async_write_header(peer, out,
                                        asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_write(peer, out, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error || !goes_on) co_return;
  }
}

http_server::http_server(const http_options& o, handler answer)
    : engine_{std::make_unique<engine>(o, std::move(answer))} {
  const std::string place = o.bind + " port " + std::to_string(o.port);
  boost::system::error_code error;
  const auto address = asio::ip::make_address(o.bind, error);
  if (error) {
    throw std::runtime_error{"http: \"" + o.bind +
                             "\" is not an address; write one such as 127.0.0.1 or ::1"};
  }
  tcp::acceptor& a = engine_->acceptor;
  const tcp::endpoint where{address, o.port};
  a.open(where.protocol(), error);
  if (!error) a.set_option(tcp::acceptor::reuse_address{true}, error);
  if (!error) a.bind(where, error);
  if (!error) a.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    throw std::runtime_error{"http: cannot listen on " + place + ": " + error.message() +
                             "; choose another http.port or stop who uses it"};
  }
  asio::co_spawn(engine_->context, engine_->accept(), asio::detached);
  const net::signals_blocked here;
  engine_->thread = std::thread{[this] {
    ::pthread_setname_np(::pthread_self(), "godwit/http");
    engine_->context.run();
  }};
}

http_server::~http_server() {
  engine_->context.stop();
  engine_->thread.join();
}

std::uint16_t http_server::port() const noexcept {
  boost::system::error_code error;
  return engine_->acceptor.local_endpoint(error).port();
}

}  // namespace godwit::admin
