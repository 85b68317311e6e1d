#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::broker {

/// Takes what has cost so many packets from what is left of a turn. At 0 the rest waits.
constexpr void spend(std::uint32_t& left, std::size_t packets) noexcept {
  left -= static_cast<std::uint32_t>(std::min<std::size_t>(left, packets));
}

/// What a filter takes of the turn that puts it into routing or takes it out: one for a usual one,
/// and all of a turn for the longest, whose levels are tens of thousands.
[[nodiscard]] constexpr std::uint32_t filter_cost(std::string_view filter) noexcept {
  constexpr std::size_t usual = 64;  // bytes
  return 1 + static_cast<std::uint32_t>(filter.size() / usual);
}

}  // namespace godwit::broker
