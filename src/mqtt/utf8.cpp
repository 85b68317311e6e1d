#include "text_scan.hpp"

#include <godwit/mqtt/utf8.hpp>

namespace godwit::mqtt {
namespace {

using byte = unsigned char;

[[nodiscard]] bool within(byte b, byte low, byte high) noexcept {
  return b >= low && b <= high;
}
[[nodiscard]] bool is_continuation(byte b) noexcept {
  return within(b, 0x80, 0xBF);
}

/// ED A0..AF xx ED B0..BF xx: a high and a low surrogate, three bytes each.
[[nodiscard]] bool is_surrogate_pair(const byte* p, std::size_t left) noexcept {
  return left >= 6 && p[0] == 0xED && within(p[1], 0xA0, 0xAF) && is_continuation(p[2]) &&
         p[3] == 0xED && within(p[4], 0xB0, 0xBF) && is_continuation(p[5]);
}

/// Length of the well-formed character at `p` (Unicode table 3-7); 0 if there is none, or if it is
/// U+0000.
[[nodiscard]] std::size_t character_size(const byte* p, std::size_t left,
                                         utf8_dialect dialect) noexcept {
  const byte lead = p[0];
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead < 0xC2) return 0;  // A continuation byte, or an overlong C0 or C1.
  if (lead < 0xE0) return left >= 2 && is_continuation(p[1]) ? 2 : 0;
  if (lead < 0xF0) {
    if (left < 3 || !is_continuation(p[2])) return 0;
    if (lead == 0xE0) return within(p[1], 0xA0, 0xBF) ? 3 : 0;
    if (lead != 0xED) return is_continuation(p[1]) ? 3 : 0;
    if (within(p[1], 0x80, 0x9F)) return 3;
    return dialect == utf8_dialect::surrogate_pairs && is_surrogate_pair(p, left) ? 6 : 0;
  }
  if (lead > 0xF4 || left < 4 || !is_continuation(p[2]) || !is_continuation(p[3])) return 0;
  const byte low = lead == 0xF0 ? 0x90 : 0x80;
  const byte high = lead == 0xF4 ? 0x8F : 0xBF;
  return within(p[1], low, high) ? 4 : 0;
}

}  // namespace

text_scan scan_text_slow(std::string_view text, utf8_dialect dialect) noexcept {
  bool wildcard = false;
  const auto* const p = reinterpret_cast<const byte*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_size(p + i, text.size() - i, dialect);
    if (size == 0) return {false, false};
    wildcard = wildcard || p[i] == '#' || p[i] == '+';
    i += size;
  }
  return {true, wildcard};
}

bool is_valid_utf8(std::string_view text, utf8_dialect dialect) noexcept {
  return scan_text(text, dialect).valid;
}

bool needs_utf8_repair(std::string_view text) noexcept {
  const auto* const p = reinterpret_cast<const byte*>(text.data());
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos;
       at = text.find('\xED', at + 1)) {
    if (is_surrogate_pair(p + at, text.size() - at)) return true;
  }
  return false;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto* const p = reinterpret_cast<const byte*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    if (!is_surrogate_pair(p + i, text.size() - i)) {
      out.push_back(text[i]);
      ++i;
      continue;
    }
    const auto bits = [&](std::size_t at, byte mask) {
      return static_cast<std::uint32_t>(p[i + at] & mask);
    };
    const std::uint32_t high = bits(1, 0x0F) << 6U | bits(2, 0x3F);
    const std::uint32_t low = bits(4, 0x0F) << 6U | bits(5, 0x3F);
    const std::uint32_t character = 0x10000U + (high << 10U | low);
    out.push_back(static_cast<char>(0xF0U | character >> 18U));
    out.push_back(static_cast<char>(0x80U | (character >> 12U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (character >> 6U & 0x3FU)));
    out.push_back(static_cast<char>(0x80U | (character & 0x3FU)));
    i += 6;
  }
  return out;
}

}  // namespace godwit::mqtt
