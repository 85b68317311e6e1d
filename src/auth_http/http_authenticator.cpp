#include <godwit/auth_http/http_authenticator.hpp>
#include <godwit/base/wipe.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <exception>
#include <optional>

namespace godwit::auth_http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;
using outcome = auth::remote_answer::outcome;

constexpr std::uint32_t header_bytes_max = 8'192;
constexpr std::uint64_t body_bytes_max = 65'536;
constexpr std::size_t groups_max = 1'000;
constexpr std::int64_t good_for_max = 10LL * 365 * 86'400;

std::string body_of(const auth::remote_question& about) {
  json::object o;
  o["user_name"] = about.user_name;
  o["client_id"] = about.client_id;
  o["address"] = about.address;
  o["listener"] = about.listener;
  // The password is put in by hand, so that its copies are known and can be overwritten.
  const std::string_view password = base::as_text(about.password);
  std::string quoted = json::serialize(json::string_view{password.data(), password.size()});
  const std::string rest = json::serialize(o);
  std::string out;
  out.reserve(rest.size() + quoted.size() + 16);
  out.append("{\"password\":").append(quoted).append(",").append(rest, 1);
  base::wipe(quoted);
  return out;
}

auth::remote_answer read_answer(unsigned status, const std::string& body) {
  auth::remote_answer out;
  if (status == 401 || status == 403) out.said = outcome::denied;
  if (status != 200) return out;
  json::error_code error;
  const json::value v = json::parse(body, error);
  if (error || !v.is_object()) return out;
  const json::value* const result = v.as_object().if_contains("result");
  if (result == nullptr || !result->is_string()) return out;
  if (result->as_string() == "deny") out.said = outcome::denied;
  if (result->as_string() != "allow") return out;
  if (const json::value* const groups = v.as_object().if_contains("groups")) {
    if (!groups->is_array() || groups->as_array().size() > groups_max) return out;
    for (const json::value& g : groups->as_array()) {
      if (!g.is_string()) return out;
      out.groups.emplace_back(g.as_string().data(), g.as_string().size());
    }
  }
  if (const json::value* const expires = v.as_object().if_contains("expires_in")) {
    const auto seconds = expires->is_number() ? expires->to_number<std::int64_t>(error) : 0;
    if (error || seconds <= 0 || seconds > good_for_max) return out;
    out.good_for = std::chrono::seconds{seconds};
  }
  out.said = outcome::allowed;
  return out;
}

/// One question on its way. The deadline is for all of it.
class exchange {
 public:
  exchange(const http_url& where, std::string body, std::chrono::milliseconds timeout)
      : where_{where} {
    request_.method(http::verb::post);
    request_.version(11);
    request_.target(where.path);
    request_.set(http::field::host, where.host);
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::connection, "close");
    request_.body() = std::move(body);
    request_.prepare_payload();
    response_.header_limit(header_bytes_max);
    response_.body_limit(body_bytes_max);
    stream_.expires_after(timeout);
    timeout_ = timeout;
  }

  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange() { base::wipe(request_.body()); }

  auth::remote_answer run() {
    resolver_.async_resolve(where_.host, where_.port, [this](auto error, const auto& found) {
      if (!error) connect(found);
    });
    // The stream's own limit does not cover the resolver, this one covers everything.
    context_.run_for(timeout_);
    return answer_;
  }

 private:
  void connect(const tcp::resolver::results_type& found) {
    stream_.async_connect(found, [this](auto error, const auto&) {
      if (!error) write();
    });
  }
  void write() {
    http::async_write(stream_, request_, [this](auto error, std::size_t) {
      if (!error) read();
    });
  }
  void read() {
    http::async_read(stream_, buffer_, response_, [this](auto error, std::size_t) {
      if (!error) answer_ = read_answer(response_.get().result_int(), response_.get().body());
    });
  }

  const http_url& where_;
  std::chrono::milliseconds timeout_{};
  asio::io_context context_{1};
  tcp::resolver resolver_{context_};
  beast::tcp_stream stream_{context_};
  http::request<http::string_body> request_;
  beast::flat_buffer buffer_{header_bytes_max + body_bytes_max};
  http::response_parser<http::string_body> response_;
  auth::remote_answer answer_;
};

}  // namespace

auth::remote_answer http_authenticator::ask(const auth::remote_question& about) const noexcept {
  try {
    return exchange{where_, body_of(about), timeout_}.run();
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace godwit::auth_http
