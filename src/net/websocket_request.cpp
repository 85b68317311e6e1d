#include "websocket_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

namespace godwit::net {
namespace {

namespace http = boost::beast::http;
using header = http::fields;

/// The proof that we have read the key: RFC 6455 4.2.2. Nothing when it is not 16 bytes in base64.
std::optional<std::string> accept_value(std::string_view key) {
  constexpr std::size_t key_chars = 24;
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != key_chars || !key.ends_with("==") ||
      key.find_first_not_of(alphabet) != key_chars - 2) {
    return std::nullopt;
  }
  const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> out{};
  const int chars = EVP_EncodeBlock(out.data(), digest.data(), static_cast<int>(size));
  return std::string{reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(chars)};
}

/// The first of the offered subprotocols that we speak.
std::optional<std::string_view> choose_subprotocol(const header& fields) {
  const auto offered = fields.equal_range(http::field::sec_websocket_protocol);
  for (auto f = offered.first; f != offered.second; ++f) {
    for (const auto& token : http::token_list{f->value()}) {
      for (const std::string_view ours : {std::string_view{"mqtt"}, std::string_view{"mqttv3.1"}}) {
        if (std::string_view{token.data(), token.size()} == ours) return ours;
      }
    }
  }
  return std::nullopt;
}

bool has_token(const header& fields, http::field name, std::string_view token) {
  return http::token_list{fields[name]}.exists({token.data(), token.size()});
}

std::string_view as_view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

}  // namespace

websocket_answer refuse_websocket_request(std::string_view status, std::string_view why) {
  return {"HTTP/1.1 " + std::string{status} +
              "\r\nConnection: close\r\nContent-Length: 0\r\nSec-WebSocket-Version: 13\r\n\r\n",
          std::string{why}};
}

websocket_answer answer_websocket_request(std::string_view request, const websocket_options& o) {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(websocket_request_bytes_max);
  boost::system::error_code wrong;
  parser.put(boost::asio::buffer(request.data(), request.size()), wrong);
  if (wrong || !parser.is_header_done()) {
    return refuse_websocket_request("400 Bad Request", "what the client sends is not HTTP");
  }
  const auto& r = parser.get();
  if (r.method() != http::verb::get || r.version() != 11 ||
      parser.content_length().value_or(0) != 0 || parser.chunked()) {
    return refuse_websocket_request("400 Bad Request",
                                    "the request is not a GET of HTTP/1.1 without a body");
  }
  const std::string_view target = as_view(r.target());
  if (target.substr(0, target.find('?')) != o.path) {
    return refuse_websocket_request("404 Not Found",
                                    "the request is not for the listener's websocket.path");
  }
  if (!has_token(r, http::field::upgrade, "websocket") ||
      !has_token(r, http::field::connection, "upgrade") ||
      as_view(r[http::field::sec_websocket_version]) != "13") {
    return refuse_websocket_request("426 Upgrade Required",
                                    "the request does not ask for WebSocket version 13");
  }
  const auto origin = r.find(http::field::origin);
  if (origin != r.end() && !o.origins.empty() &&
      std::ranges::find(o.origins, as_view(origin->value())) == o.origins.end()) {
    return refuse_websocket_request("403 Forbidden",
                                    "the page's origin is not in the listener's websocket.origins");
  }
  const auto subprotocol = choose_subprotocol(r);
  if (!subprotocol) {
    return refuse_websocket_request("400 Bad Request",
                                    "the request offers neither mqtt nor mqttv3.1");
  }
  const auto accept = accept_value(as_view(r[http::field::sec_websocket_key]));
  if (!accept) {
    return refuse_websocket_request("400 Bad Request", "Sec-WebSocket-Key is not 16 bytes");
  }
  return {
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
          *accept + "\r\nSec-WebSocket-Protocol: " + std::string{*subprotocol} + "\r\n\r\n",
      {}};
}

}  // namespace godwit::net
