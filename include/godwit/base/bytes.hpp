#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace godwit::base {

/// Borrowed bytes; never kept beyond the call or the turn.
using bytes_view = std::span<const std::byte>;
/// Owned bytes.
using bytes = std::vector<std::byte>;

[[nodiscard]] inline std::string_view as_text(bytes_view view) noexcept {
  return {reinterpret_cast<const char*>(view.data()), view.size()};
}
[[nodiscard]] inline bytes_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace godwit::base
