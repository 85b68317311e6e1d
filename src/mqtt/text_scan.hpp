#pragma once

#include <godwit/mqtt/utf8.hpp>

#include <cstring>
#include <string_view>

namespace godwit::mqtt {

/// What one pass over a text shows.
struct text_scan {
  bool valid = false;         ///< UTF-8 of the dialect asked for, without U+0000.
  bool has_wildcard = false;  ///< '#' or '+' anywhere; meaningless when not valid.
};

/// The same byte by byte, for text that is not all ASCII.
[[nodiscard]] text_scan scan_text_slow(std::string_view text, utf8_dialect dialect) noexcept;

namespace scan {
inline constexpr std::uint64_t ones = 0x0101010101010101U;
inline constexpr std::uint64_t highs = 0x8080808080808080U;

/// Not zero when one of the eight bytes is zero (exact as a yes or no, not as a position).
[[nodiscard]] constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - ones) & ~word & highs;
}
[[nodiscard]] constexpr std::uint64_t bytes_equal(std::uint64_t word, char c) noexcept {
  return zero_bytes(word ^ (ones * static_cast<unsigned char>(c)));
}
[[nodiscard]] inline std::uint64_t load(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
}  // namespace scan

/// Validates and looks for wildcards, eight ASCII bytes at a time.
[[nodiscard]] inline text_scan scan_text(std::string_view text, utf8_dialect dialect) noexcept {
  std::uint64_t unusual = 0;
  std::uint64_t wildcard = 0;
  const auto look = [&](std::uint64_t word) {
    unusual |= (word & scan::highs) | scan::zero_bytes(word);
    wildcard |= scan::bytes_equal(word, '#') | scan::bytes_equal(word, '+');
  };
  const char* const p = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size && unusual == 0; i += 8) look(scan::load(p + i));
    look(scan::load(p + size - 8));  // The last eight, which may overlap the ones before.
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      const auto c = static_cast<unsigned char>(p[i]);
      unusual |= static_cast<std::uint64_t>(c == 0 || c >= 0x80);
      wildcard |= static_cast<std::uint64_t>(c == '#' || c == '+');
    }
  }
  if (unusual != 0) [[unlikely]]
    return scan_text_slow(text, dialect);
  return {true, wildcard != 0};
}

}  // namespace godwit::mqtt
