#include "property_table.hpp"
#include "text_scan.hpp"
#include "wire.hpp"

#include <godwit/mqtt/topic.hpp>

namespace godwit::mqtt {
namespace {

[[nodiscard]] protocol_error malformed(const property_row& row, const char* what) noexcept {
  return {reason_code::malformed_packet, row.clause, what};
}
[[nodiscard]] protocol_error wrong(const property_row& row, const char* what) noexcept {
  return {reason_code::protocol_error, row.clause, what};
}

[[nodiscard]] result<void> check_text(const property_row& row, property_id id,
                                      std::string_view text) noexcept {
  const text_scan scan = scan_text(text, utf8_dialect::strict);
  if (!scan.valid) {
    return protocol_error{reason_code::malformed_packet, "v5 MQTT-1.5.4-1 v5 MQTT-1.5.4-2",
                          "property text is not UTF-8 or contains U+0000"};
  }
  if (id == property_id::response_topic) {
    if (scan.has_wildcard) {
      return protocol_error{reason_code::protocol_error, "v5 MQTT-3.3.2-14",
                            "wildcard in the response topic"};
    }
    if (text.empty()) return wrong(row, "empty response topic");
  }
  return {};
}

[[nodiscard]] result<void> check_pair(const property_row& row, wire::reader& in) noexcept {
  std::string_view key;
  std::string_view value;
  if (!in.text(key) || !in.text(value)) return malformed(row, "property is cut off");
  if (!is_valid_utf8(key) || !is_valid_utf8(value)) {
    return protocol_error{reason_code::malformed_packet, "v5 MQTT-1.5.7-1",
                          "user property is not UTF-8 or contains U+0000"};
  }
  return {};
}

/// Reads a number of any width; `value` is set on success.
[[nodiscard]] result<void> read_number(const property_row& row, wire::reader& in,
                                       std::uint32_t& value) noexcept {
  std::uint8_t byte = 0;
  std::uint16_t two = 0;
  bool whole = false;
  if (row.type == property_type::flag) {
    whole = in.u8(byte);
    value = byte;
  } else if (row.type == property_type::two_byte) {
    whole = in.u16(two);
    value = two;
  } else if (row.type == property_type::four_byte) {
    whole = in.u32(value);
  } else {
    const wire::varint v = in.variable();
    if (v.state == wire::varint_state::too_long || v.state == wire::varint_state::not_shortest) {
      return protocol_error{reason_code::malformed_packet, "v5 MQTT-1.5.5-1",
                            "variable byte integer in a property is not in its shortest form"};
    }
    whole = v.state == wire::varint_state::complete;
    value = v.value;
  }
  if (!whole) return malformed(row, "property is cut off");
  return {};
}

[[nodiscard]] result<void> check_number(const property_row& row, property_id id,
                                        wire::reader& in) noexcept {
  std::uint32_t value = 0;
  if (auto read = read_number(row, in, value); !read) return read;
  if (row.type == property_type::flag && value > 1) return wrong(row, "property above 1");
  if (value == 0 && id == property_id::topic_alias) {
    return protocol_error{reason_code::topic_alias_invalid, "v5 MQTT-3.3.2-8", "topic alias 0"};
  }
  if (value == 0 && !row.zero_allowed) return wrong(row, "property of value 0");
  return {};
}

[[nodiscard]] result<void> check_value(const property_row& row, property_id id,
                                       wire::reader& in) noexcept {
  switch (row.type) {
    case property_type::none:
      break;
    case property_type::flag:
    case property_type::two_byte:
    case property_type::four_byte:
    case property_type::variable:
      return check_number(row, id, in);
    case property_type::text: {
      std::string_view text;
      if (!in.text(text)) return malformed(row, "property is cut off");
      return check_text(row, id, text);
    }
    case property_type::binary: {
      bytes_view bytes;
      if (!in.binary(bytes)) return malformed(row, "property is cut off");
      return {};
    }
    case property_type::pair:
      return check_pair(row, in);
  }
  base::assertion_failed("a property of the table", __FILE__, __LINE__);
}

/// A property that stands elsewhere, too, is malformed here [v5 2.2.2.2]; one that only the other
/// side may send here is a protocol error.
[[nodiscard]] result<void> check_place(const property_row& row, property_id id,
                                       property_owner owner, sender from) noexcept {
  const unsigned bit = 1U << static_cast<unsigned>(owner);
  const unsigned allowed = from == sender::client ? row.from_client : row.from_server;
  if ((allowed & bit) != 0) return {};
  const unsigned other = from == sender::client ? row.from_server : row.from_client;
  if ((other & bit) == 0) return malformed(row, "property that does not belong in this packet");
  if (id == property_id::subscription_identifier) {
    return protocol_error{reason_code::protocol_error, "v5 MQTT-3.3.4-6",
                          "subscription identifier in a client's PUBLISH"};
  }
  return wrong(row, "property that only the other side may send");
}

constexpr std::uint64_t bit_of(property_id id) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(id);
}

}  // namespace

result<properties_view> check_properties(bytes_view block, property_owner owner,
                                         sender from) noexcept {
  std::uint64_t seen = 0;
  wire::reader in{block};
  std::uint8_t raw = 0;
  while (in.u8(raw)) {
    const property_row* row = find_property_row(raw);
    if (row == nullptr) {
      return protocol_error{reason_code::malformed_packet, "v5 2.2.2.2", "unknown property"};
    }
    const auto id = static_cast<property_id>(raw);
    if (auto placed = check_place(*row, id, owner, from); !placed) return placed.error();
    const bool repeatable = ((row->repeated >> static_cast<unsigned>(owner)) & 1U) != 0;
    if ((seen & bit_of(id)) != 0 && !repeatable) return wrong(*row, "property given twice");
    seen |= bit_of(id);
    if (auto checked = check_value(*row, id, in); !checked) return checked.error();
  }
  if ((seen & bit_of(property_id::authentication_data)) != 0 &&
      (seen & bit_of(property_id::authentication_method)) == 0) {
    return protocol_error{reason_code::protocol_error, "v5 2.2.2.2 (Authentication Data)",
                          "authentication data without a method"};
  }
  properties_view view{block};
  view.possible_ = seen;
  return view;
}

}  // namespace godwit::mqtt
