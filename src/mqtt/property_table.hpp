#pragma once

#include <godwit/mqtt/properties.hpp>

#include <array>

/// Table 2-4 of MQTT 5: what each property is and where it may stand.

namespace godwit::mqtt {

enum class property_type : std::uint8_t {
  none,  // no such property
  flag,  // Byte, 0 or 1: no property has another range
  two_byte,
  four_byte,
  variable,
  text,
  binary,
  pair,
};

struct property_row {
  property_type type = property_type::none;
  bool zero_allowed = true;
  std::uint16_t from_client = 0;  ///< Bit per property_owner, as the client sends it.
  std::uint16_t from_server = 0;
  std::uint16_t repeated = 0;  ///< Where it may be there more than once.
  const char* clause = "";     ///< Names the property in errors.
};

inline constexpr std::size_t property_ids = 0x2B;

/// Indexed by the identifier.
extern const std::array<property_row, property_ids> property_table;

[[nodiscard]] inline const property_row* find_property_row(std::uint8_t id) noexcept {
  if (id >= property_ids || property_table[id].type == property_type::none) return nullptr;
  return &property_table[id];
}

}  // namespace godwit::mqtt
