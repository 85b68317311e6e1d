#pragma once

#include <godwit/store/store.hpp>

#include <string_view>

namespace godwit::store {

/// As `$SYS`, the metrics and operators see it.
[[nodiscard]] constexpr std::string_view name(condition c) noexcept {
  switch (c) {
    case condition::good:
      return "good";
    case condition::low_disk:
      return "low_disk";
    case condition::full:
      return "full";
    case condition::failed:
      break;
  }
  return "failed";
}

}  // namespace godwit::store
