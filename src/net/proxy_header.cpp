#include "proxy_header.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace godwit::net {
namespace {

using boost::asio::ip::address_v6;
using status = proxy_header::status;

constexpr std::string_view v1_start = "PROXY ";
constexpr std::string_view v2_start{"\r\n\r\n\0\r\nQUIT\n", 12};

proxy_header wrong() {
  return {status::wrong, 0, std::nullopt};
}

std::optional<std::uint16_t> port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, port);
  const bool has_zero_in_front = digits.size() > 1 && digits.front() == '0';
  if (digits.empty() || error != std::errc{} || stop != end || has_zero_in_front) {
    return std::nullopt;
  }
  return port;
}

enum class family : std::uint8_t { v4, v6 };

std::optional<address_v6> address_of(std::string_view text, family f) {
  boost::system::error_code bad;
  const auto a = boost::asio::ip::make_address(std::string{text}, bad);
  if (bad || a.is_v4() != (f == family::v4)) return std::nullopt;
  if (a.is_v4()) {
    return boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, a.to_v4());
  }
  if (a.to_v6().scope_id() != 0) return std::nullopt;
  return a.to_v6();
}

/// "PROXY TCP4 192.0.2.1 198.51.100.1 40000 1883\r\n"
proxy_header read_v1(std::string_view text) {
  constexpr std::size_t size_max = 107;
  const auto end = text.substr(0, size_max).find("\r\n");
  if (end == std::string_view::npos) {
    return text.size() >= size_max ? wrong() : proxy_header{};
  }
  if (std::ranges::any_of(text.substr(0, end), [](char c) { return c < ' ' || c > '~'; })) {
    return wrong();
  }
  std::string_view rest = text.substr(v1_start.size(), end - v1_start.size());
  proxy_header h{status::complete, end + 2, std::nullopt};
  if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return h;
  std::array<std::string_view, 5> words;  // family, two addresses, two ports
  for (std::string_view& word : words) {
    const auto space = rest.find(' ');
    if ((space == std::string_view::npos) != (&word == &words.back())) return wrong();
    word = rest.substr(0, space);
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (words[0] != "TCP4" && words[0] != "TCP6") return wrong();
  const family f = words[0] == "TCP4" ? family::v4 : family::v6;
  const auto source = address_of(words[1], f);
  const auto port = port_of(words[3]);
  if (!source || !port || !address_of(words[2], f) || !port_of(words[4])) return wrong();
  h.from = {*source, *port};
  return h;
}

std::size_t number(base::bytes_view two) noexcept {
  return std::to_integer<std::size_t>(two[0]) << 8U | std::to_integer<std::size_t>(two[1]);
}

/// Type, length, value, up to the end and not beyond it.
bool are_additions(base::bytes_view bytes) noexcept {
  constexpr std::size_t head = 3;
  while (!bytes.empty()) {
    if (bytes.size() < head) return false;
    const std::size_t size = head + number(bytes.subspan(1, 2));
    if (size > bytes.size()) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

proxy_header read_v2(base::bytes_view bytes) {
  constexpr std::size_t head = 16;
  constexpr unsigned version_2 = 0x20;
  constexpr unsigned local = 0;
  constexpr unsigned proxied = 1;
  if (bytes.size() < head) return {};
  const auto command = std::to_integer<unsigned>(bytes[12]);
  const auto protocol = std::to_integer<unsigned>(bytes[13]);
  const std::size_t size = head + number(bytes.subspan(14, 2));
  if ((command & 0xf0U) != version_2 || (command & 0x0fU) > proxied ||
      size > proxy_header_bytes_max) {
    return wrong();
  }
  if (bytes.size() < size) return {};
  proxy_header h{status::complete, size, std::nullopt};
  if ((command & 0x0fU) == local) return h;
  const base::bytes_view body = bytes.subspan(head, size - head);
  // Two addresses and two ports, of the kinds that go over TCP.
  struct layout {
    unsigned protocol;
    std::size_t address;
    std::size_t all;
  };
  constexpr std::array<layout, 4> layouts{
      {{0x00, 0, 0}, {0x11, 4, 12}, {0x21, 16, 36}, {0x31, 0, 216}}};
  const auto* const l = std::ranges::find(layouts, protocol, &layout::protocol);
  if (l == layouts.end() || body.size() < l->all) return wrong();
  // Without addresses, what follows means nothing.
  if (protocol != 0 && !are_additions(body.subspan(l->all))) return wrong();
  if (l->address == 0) return h;
  address_v6::bytes_type address{};
  if (l->address == 4) address[10] = address[11] = 0xff;
  const auto* const from = reinterpret_cast<const unsigned char*>(body.data());
  std::copy_n(from, l->address, address.end() - static_cast<std::ptrdiff_t>(l->address));
  h.from = {address_v6{address},
            static_cast<std::uint16_t>(number(body.subspan(2 * l->address, 2)))};
  return h;
}

}  // namespace

proxy_header read_proxy_header(base::bytes_view bytes) {
  const std::string_view text = base::as_text(bytes);
  const auto begins = [&](std::string_view start) {
    return text.substr(0, start.size()) == start.substr(0, text.size());
  };
  if (begins(v1_start)) return text.size() < v1_start.size() ? proxy_header{} : read_v1(text);
  if (begins(v2_start)) return text.size() < v2_start.size() ? proxy_header{} : read_v2(bytes);
  return wrong();
}

}  // namespace godwit::net
