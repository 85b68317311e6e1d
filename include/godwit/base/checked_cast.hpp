#pragma once

#include <godwit/base/assert.hpp>

#include <utility>

namespace godwit::base {

/// Converts between integer types; a value that does not fit is a bug (assertion).
template <class To, class From>
[[nodiscard]] constexpr To checked_cast(From from) noexcept {
  GODWIT_ASSERT(std::in_range<To>(from));
  return static_cast<To>(from);
}

}  // namespace godwit::base
