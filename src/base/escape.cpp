#include <godwit/base/escape.hpp>

namespace godwit::base {

std::string escape_for_log(std::string_view text, std::size_t max) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() < max ? text.size() : max + 3);
  for (const char c : text.substr(0, max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 0xfU];
    }
  }
  if (text.size() > max) out += "...";
  return out;
}

}  // namespace godwit::base
