#pragma once

#include <algorithm>
#include <string_view>

namespace godwit::routing {

/// Orders topics so that '/' comes before every other byte: a topic is followed at once by all
/// topics below it, and these by nothing else before the next sibling. Total over all byte strings.
struct topic_order {
  [[nodiscard]] static unsigned rank(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > '/') return byte;
    return byte == '/' ? 0U : byte + 1U;
  }
  [[nodiscard]] static bool less(std::string_view a, std::string_view b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    const auto [in_a, in_b] = std::mismatch(a.data(), a.data() + common, b.data());
    if (in_a != a.data() + common) return rank(*in_a) < rank(*in_b);
    return a.size() < b.size();
  }
  /// The byte that comes right after '/': a topic with it appended sorts behind everything below
  /// the topic, and before or at its next sibling.
  static constexpr char after_separator = '\0';
};

}  // namespace godwit::routing
