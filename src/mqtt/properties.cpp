#include "property_table.hpp"
#include "wire.hpp"

#include <godwit/mqtt/properties.hpp>

namespace godwit::mqtt {
namespace {

/// Reads one value of a checked block.
[[nodiscard]] property_value read_value(property_type type, wire::reader& in) noexcept {
  std::uint8_t byte = 0;
  std::uint16_t two = 0;
  std::uint32_t four = 0;
  std::string_view text;
  bytes_view binary;
  string_pair pair;
  bool whole = true;
  property_value value;
  switch (type) {
    case property_type::none:
      whole = false;
      break;
    case property_type::flag:
      whole = in.u8(byte);
      value = std::uint32_t{byte};
      break;
    case property_type::two_byte:
      whole = in.u16(two);
      value = std::uint32_t{two};
      break;
    case property_type::four_byte:
      whole = in.u32(four);
      value = four;
      break;
    case property_type::variable: {
      const wire::varint v = in.variable();
      whole = v.state == wire::varint_state::complete;
      value = v.value;
      break;
    }
    case property_type::text:
      whole = in.text(text);
      value = text;
      break;
    case property_type::binary:
      whole = in.binary(binary);
      value = binary;
      break;
    case property_type::pair:
      whole = in.text(pair.key) && in.text(pair.value);
      value = pair;
      break;
  }
  GODWIT_ASSERT(whole);  // The block was checked.
  return value;
}

[[nodiscard]] bool is_forwardable(property_id id) noexcept {
  return id == property_id::payload_format_indicator || id == property_id::content_type ||
         id == property_id::response_topic || id == property_id::correlation_data ||
         id == property_id::user_property;
}

}  // namespace

std::optional<property> property_cursor::next() noexcept {
  wire::reader in{rest_};
  std::uint8_t id = 0;
  if (!in.u8(id)) return std::nullopt;
  const property_row* row = find_property_row(id);
  GODWIT_ASSERT(row != nullptr);
  property p{static_cast<property_id>(id), read_value(row->type, in)};
  rest_ = in.rest();
  return p;
}

std::optional<property_value> properties_view::find(property_id id) const noexcept {
  if (!may_have(id)) return std::nullopt;
  property_cursor cursor = all();
  while (auto p = cursor.next()) {
    if (p->id == id) return p->value;
  }
  return std::nullopt;
}

template <class T>
std::optional<T> properties_view::find_as(property_id id) const noexcept {
  const std::optional<property_value> value = find(id);
  if (!value) return std::nullopt;
  if constexpr (std::is_same_v<T, bool>) {
    return *std::get_if<std::uint32_t>(&*value) != 0;
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    return static_cast<T>(*std::get_if<std::uint32_t>(&*value));
  } else {
    return *std::get_if<T>(&*value);
  }
}

using std::string_view;
using std::uint16_t;
using std::uint32_t;
using std::uint8_t;
using id = property_id;

std::optional<uint8_t> properties_view::payload_format_indicator() const noexcept {
  return find_as<uint8_t>(id::payload_format_indicator);
}
std::optional<uint32_t> properties_view::message_expiry_interval() const noexcept {
  return find_as<uint32_t>(id::message_expiry_interval);
}
std::optional<string_view> properties_view::content_type() const noexcept {
  return find_as<string_view>(id::content_type);
}
std::optional<string_view> properties_view::response_topic() const noexcept {
  return find_as<string_view>(id::response_topic);
}
std::optional<bytes_view> properties_view::correlation_data() const noexcept {
  return find_as<bytes_view>(id::correlation_data);
}
std::optional<uint32_t> properties_view::subscription_identifier() const noexcept {
  return find_as<uint32_t>(id::subscription_identifier);
}
std::optional<uint32_t> properties_view::session_expiry_interval() const noexcept {
  return find_as<uint32_t>(id::session_expiry_interval);
}
std::optional<string_view> properties_view::assigned_client_identifier() const noexcept {
  return find_as<string_view>(id::assigned_client_identifier);
}
std::optional<uint16_t> properties_view::server_keep_alive() const noexcept {
  return find_as<uint16_t>(id::server_keep_alive);
}
std::optional<string_view> properties_view::authentication_method() const noexcept {
  return find_as<string_view>(id::authentication_method);
}
std::optional<bytes_view> properties_view::authentication_data() const noexcept {
  return find_as<bytes_view>(id::authentication_data);
}
std::optional<bool> properties_view::request_problem_information() const noexcept {
  return find_as<bool>(id::request_problem_information);
}
std::optional<uint32_t> properties_view::will_delay_interval() const noexcept {
  return find_as<uint32_t>(id::will_delay_interval);
}
std::optional<bool> properties_view::request_response_information() const noexcept {
  return find_as<bool>(id::request_response_information);
}
std::optional<string_view> properties_view::response_information() const noexcept {
  return find_as<string_view>(id::response_information);
}
std::optional<string_view> properties_view::server_reference() const noexcept {
  return find_as<string_view>(id::server_reference);
}
std::optional<string_view> properties_view::reason_string() const noexcept {
  return find_as<string_view>(id::reason_string);
}
std::optional<uint16_t> properties_view::receive_maximum() const noexcept {
  return find_as<uint16_t>(id::receive_maximum);
}
std::optional<uint16_t> properties_view::topic_alias_maximum() const noexcept {
  return find_as<uint16_t>(id::topic_alias_maximum);
}
std::optional<uint16_t> properties_view::topic_alias() const noexcept {
  return find_as<uint16_t>(id::topic_alias);
}
std::optional<qos> properties_view::maximum_qos() const noexcept {
  return find_as<qos>(id::maximum_qos);
}
std::optional<bool> properties_view::retain_available() const noexcept {
  return find_as<bool>(id::retain_available);
}
std::optional<uint32_t> properties_view::maximum_packet_size() const noexcept {
  return find_as<uint32_t>(id::maximum_packet_size);
}
std::optional<bool> properties_view::wildcard_subscription_available() const noexcept {
  return find_as<bool>(id::wildcard_subscription_available);
}
std::optional<bool> properties_view::subscription_identifier_available() const noexcept {
  return find_as<bool>(id::subscription_identifier_available);
}
std::optional<bool> properties_view::shared_subscription_available() const noexcept {
  return find_as<bool>(id::shared_subscription_available);
}

std::optional<string_view> properties_view::user_property(string_view key) const noexcept {
  if (!may_have(id::user_property)) return std::nullopt;
  property_cursor cursor = all();
  while (auto p = cursor.next()) {
    const auto* pair = std::get_if<string_pair>(&p->value);
    if (pair != nullptr && pair->key == key) return pair->value;
  }
  return std::nullopt;
}

void append_forwardable(const properties_view& properties, base::bytes& out) {
  wire::reader in{properties.bytes()};
  while (!in.empty()) {
    const bytes_view before = in.rest();
    std::uint8_t raw = 0;
    const bool whole = in.u8(raw);
    const property_row* row = find_property_row(raw);
    GODWIT_ASSERT(whole && row != nullptr);
    static_cast<void>(read_value(row->type, in));
    if (!is_forwardable(static_cast<property_id>(raw))) continue;
    const bytes_view one = before.first(before.size() - in.rest().size());
    out.insert(out.end(), one.begin(), one.end());
  }
}

}  // namespace godwit::mqtt
