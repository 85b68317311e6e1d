#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace godwit::routing {

/// Seeded hashing of topics and their levels: fast on short keys, and without the seed nobody can
/// choose keys that collide. Good for tables in memory only: it depends on the byte order.
namespace topic_hash {

inline constexpr std::uint64_t stir_a = 0x9e3779b97f4a7c15;  // golden ratio
inline constexpr std::uint64_t stir_b = 0x243f6a8885a308d3;  // pi
inline constexpr std::uint64_t stir_c = 0xb7e151628aed2a6b;  // e

/// Multiplies to 128 bits and folds the halves: every input bit reaches every output bit.
[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using wide = unsigned __int128;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
[[nodiscard]] inline std::uint64_t load(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

[[nodiscard]] inline std::uint64_t of(std::string_view text, std::uint64_t seed) noexcept {
  const char* at = text.data();
  const std::size_t size = text.size();
  std::uint64_t state = seed ^ stir_a;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size > 16) {
    std::size_t left = size;
    for (; left > 16; left -= 16, at += 16) {
      state = mix(load<std::uint64_t>(at) ^ stir_b, load<std::uint64_t>(at + 8) ^ state);
    }
    // The last 16 bytes, overlapping what has been read: no byte-wise tail.
    low = load<std::uint64_t>(at + left - 16);
    high = load<std::uint64_t>(at + left - 8);
  } else if (size >= 8) {
    low = load<std::uint64_t>(at);
    high = load<std::uint64_t>(at + size - 8);
  } else if (size >= 4) {
    low = load<std::uint32_t>(at);
    high = load<std::uint32_t>(at + size - 4);
  } else if (size > 0) {
    // First, middle and last byte: all there are.
    low = load<std::uint8_t>(at) | load<std::uint8_t>(at + size / 2) << 8 |
          load<std::uint8_t>(at + size - 1) << 16;
  }
  return mix(stir_c ^ size, mix(low ^ stir_b, high ^ state));
}

/// The 32 bits that tables use. The upper half, as the lower ones of a product are weaker.
[[nodiscard]] inline std::uint32_t fold(std::uint64_t hash) noexcept {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace topic_hash

/// The first of one or more levels.
[[nodiscard]] inline std::string_view first_level(std::string_view levels) noexcept {
  return levels.substr(0, levels.find('/'));
}

/// Takes the levels off a topic or filter one by one, empty ones included.
class level_reader {
 public:
  explicit level_reader(std::string_view topic) noexcept : rest_{topic} {}

  /// The next level; only while `more()`.
  [[nodiscard]] std::string_view next() noexcept {
    const std::size_t end = rest_.find('/');
    if (end == std::string_view::npos) {
      more_ = false;
      return rest_;
    }
    const std::string_view level = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return level;
  }
  [[nodiscard]] bool more() const noexcept { return more_; }
  /// All levels that have not been taken, as one text.
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
  bool more_ = true;
};

}  // namespace godwit::routing
