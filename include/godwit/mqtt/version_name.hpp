#pragma once

#include <godwit/mqtt/types.hpp>

#include <string_view>

namespace godwit::mqtt {

/// As the log and operators see it.
[[nodiscard]] constexpr std::string_view name(protocol_version v) noexcept {
  switch (v) {
    case protocol_version::v31:
      return "3.1";
    case protocol_version::v311:
      return "3.1.1";
    case protocol_version::v5:
      return "5.0";
  }
  return "?";
}

}  // namespace godwit::mqtt
