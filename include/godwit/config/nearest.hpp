#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace godwit::config {

/// Letters to insert, remove, change or swap to turn one word into the other. O(a * b).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word most like `word`, if one is so like it that it was probably meant.
[[nodiscard]] std::optional<std::string_view> nearest(
    std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace godwit::config
