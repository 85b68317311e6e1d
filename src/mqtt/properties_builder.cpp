#include "packet_writer.hpp"
#include "property_table.hpp"

#include <godwit/mqtt/properties.hpp>

namespace godwit::mqtt {
namespace {

[[nodiscard]] const property_row& row_of(property_id id) noexcept {
  const property_row* row = find_property_row(static_cast<std::uint8_t>(id));
  GODWIT_ASSERT(row != nullptr);
  return *row;
}

}  // namespace

properties_builder& properties_builder::add(property_id id, std::uint32_t value) {
  const property_row& row = row_of(id);
  GODWIT_ASSERT(value != 0 || row.zero_allowed);
  const auto identifier = static_cast<std::uint32_t>(id);
  switch (row.type) {
    case property_type::flag: {
      GODWIT_ASSERT(value <= 1);
      wire::writer to = grow(out_, 2);
      to.u8(identifier);
      to.u8(value);
      return *this;
    }
    case property_type::two_byte: {
      wire::writer to = grow(out_, 3);
      to.u8(identifier);
      to.u16(base::checked_cast<std::uint16_t>(value));
      return *this;
    }
    case property_type::four_byte: {
      wire::writer to = grow(out_, 5);
      to.u8(identifier);
      to.u32(value);
      return *this;
    }
    case property_type::variable: {
      GODWIT_ASSERT(value <= remaining_length_max);
      wire::writer to = grow(out_, 1 + wire::varint_size(value));
      to.u8(identifier);
      to.variable(value);
      return *this;
    }
    case property_type::none:
    case property_type::text:
    case property_type::binary:
    case property_type::pair:
      break;
  }
  base::assertion_failed("a property with a number", __FILE__, __LINE__);
}

properties_builder& properties_builder::add(property_id id, std::string_view text) {
  GODWIT_ASSERT(row_of(id).type == property_type::text);
  wire::writer to = grow(out_, 3 + text.size());
  to.u8(static_cast<std::uint32_t>(id));
  to.text(text);
  return *this;
}

properties_builder& properties_builder::add(property_id id, bytes_view binary) {
  GODWIT_ASSERT(row_of(id).type == property_type::binary);
  wire::writer to = grow(out_, 3 + binary.size());
  to.u8(static_cast<std::uint32_t>(id));
  to.binary(binary);
  return *this;
}

properties_builder& properties_builder::add_user_property(std::string_view key,
                                                          std::string_view value) {
  wire::writer to = grow(out_, 5 + key.size() + value.size());
  to.u8(static_cast<std::uint32_t>(property_id::user_property));
  to.text(key);
  to.text(value);
  return *this;
}

}  // namespace godwit::mqtt
