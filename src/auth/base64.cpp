#include "base64.hpp"

#include <cstdint>

namespace godwit::auth {
namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<base::bytes> decode(std::string_view text, std::string_view letters) {
  if (text.size() % 4 == 1) return std::nullopt;
  base::bytes out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  std::uint32_t bits = 0;
  for (const char c : text) {
    const auto value = letters.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    group = (group << 6U) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::byte>((group >> bits) & 0xffU));
  }
  // Bits behind the last byte are zero, so that every text has one meaning.
  if ((group & ((1U << bits) - 1U)) != 0) return std::nullopt;
  return out;
}

std::string encode(base::bytes_view bytes, std::string_view letters) {
  std::string out;
  std::uint32_t group = 0;
  std::uint32_t bits = 0;
  for (const std::byte b : bytes) {
    group = (group << 8U) | std::to_integer<std::uint32_t>(b);
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      out += letters[(group >> bits) & 63U];
    }
  }
  if (bits != 0) out += letters[(group << (6U - bits)) & 63U];
  return out;
}

}  // namespace

std::optional<base::bytes> decode_base64(std::string_view text) {
  const auto end = text.find('=');
  if (end != std::string_view::npos) {
    const std::size_t pad = text.size() - end;
    if (text.size() % 4 != 0 || pad > 2 ||
        text.find_first_not_of('=', end) != std::string_view::npos) {
      return std::nullopt;
    }
  }
  return decode(text.substr(0, end), standard);
}

std::optional<base::bytes> decode_base64url(std::string_view text) {
  return decode(text, url);
}

std::string encode_base64(base::bytes_view bytes) {
  std::string out = encode(bytes, standard);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string encode_base64url(base::bytes_view bytes) {
  return encode(bytes, url);
}

}  // namespace godwit::auth
