#include "rows.hpp"

#include "codec.hpp"

#include <godwit/base/seeded_hash.hpp>

namespace godwit::store_rocksdb {
namespace {

constexpr std::uint8_t row_format = 1;
/// Of rows that say something that only MQTT 5 has.
constexpr std::uint8_t row_format_2 = 2;

// Flags of a subscription. Never renumber.
constexpr std::uint8_t subscription_quality = 0x03;
constexpr std::uint8_t subscription_no_local = 0x04;
constexpr std::uint8_t subscription_as_published = 0x08;

void append_text(std::string& to, std::string_view text) {
  append_integers(to, base::checked_cast<std::uint32_t>(text.size()));
  to.append(text);
}

byte_reader open_row(std::string_view value) noexcept {
  byte_reader from{value};
  if (from.integer<std::uint8_t>() != row_format) from.fail();
  return from;
}

/// A row that has two formats.
byte_reader open_row(std::string_view value, std::uint8_t& format) noexcept {
  byte_reader from{value};
  format = from.integer<std::uint8_t>();
  if (format != row_format && format != row_format_2) from.fail();
  return from;
}

bool is_whole(const byte_reader& from) noexcept {
  return from.ok() && from.at_end();
}

}  // namespace

std::uint64_t row_hash(std::string_view key, std::string_view value) noexcept {
  // The key's hash keys the value's, so that rows cannot swap their values unseen.
  return base::seeded_hash(value, {base::seeded_hash(key, {}), key.size()});
}

std::string session_key(std::uint64_t session, session_row which) {
  std::string key;
  append_integers(key, session, which);
  return key;
}

std::string subscription_key(std::uint64_t session, std::string_view filter) {
  std::string key = key_of(session);
  key.append(filter);
  return key;
}

std::string opened_value(const store::session_opened& r) {
  std::string value;
  append_integers(value, row_format, r.version);
  append_text(value, r.client_id);
  append_text(value, r.owner);
  return value;
}

std::string number_value(std::uint64_t n) {
  std::string value;
  append_integers(value, row_format, n);
  return value;
}

std::string subscription_value(const store::subscription_terms& terms) {
  std::string value;
  if (terms == store::subscription_terms{.quality = terms.quality}) {
    append_integers(value, row_format, terms.quality);
    return value;
  }
  auto flags = static_cast<std::uint8_t>(terms.quality);
  if (terms.no_local) flags |= subscription_no_local;
  if (terms.retain_as_published) flags |= subscription_as_published;
  append_integers(value, row_format_2, flags, terms.identifier);
  return value;
}

std::string retained_value(const mqtt::message& m) {
  std::string value;
  append_integers(value, row_format);
  append_message(value, m.fields());
  return value;
}

std::string will_value(const store::will_stored& r) {
  std::string value;
  if (r.delay_s == 0) {
    append_integers(value, row_format, r.keep_alive_s);
  } else {
    append_integers(value, row_format_2, r.keep_alive_s, r.delay_s);
  }
  append_text(value, r.client_id);
  append_message(value, r.message->fields());
  return value;
}

std::optional<session_row_name> read_session_key(std::string_view key) noexcept {
  byte_reader from{key};
  session_row_name name;
  name.session = from.integer<std::uint64_t>();
  const auto which = from.integer<std::uint8_t>();
  if (!is_whole(from) || which < 1 || which > 5) return std::nullopt;
  name.which = static_cast<session_row>(which);
  return name;
}

std::optional<subscription_row_name> read_subscription_key(std::string_view key) noexcept {
  byte_reader from{key};
  subscription_row_name name;
  name.session = from.integer<std::uint64_t>();
  name.filter = from.rest();
  if (!from.ok()) return std::nullopt;
  return name;
}

std::optional<opened_row> read_opened(std::string_view value) noexcept {
  byte_reader from = open_row(value);
  opened_row row;
  const auto version = from.integer<std::uint8_t>();
  row.version = static_cast<mqtt::protocol_version>(version);
  row.client_id = from.text(from.integer<std::uint32_t>());
  row.owner = from.text(from.integer<std::uint32_t>());
  if (!is_whole(from) || version < 3 || version > 5) return std::nullopt;
  return row;
}

std::optional<std::uint64_t> read_number(std::string_view value) noexcept {
  byte_reader from = open_row(value);
  const auto number = from.integer<std::uint64_t>();
  if (!is_whole(from)) return std::nullopt;
  return number;
}

std::optional<store::subscription_terms> read_subscription(std::string_view value) noexcept {
  std::uint8_t format = 0;
  byte_reader from = open_row(value, format);
  const auto flags = from.integer<std::uint8_t>();
  store::subscription_terms terms;
  if (format == row_format_2) terms.identifier = from.integer<std::uint32_t>();
  const std::uint8_t known = format == row_format_2 ? subscription_quality | subscription_no_local |
                                                          subscription_as_published
                                                    : subscription_quality;
  const auto quality = static_cast<std::uint8_t>(flags & subscription_quality);
  constexpr std::uint32_t identifier_max = 0x0FFF'FFFF;
  if (!is_whole(from) || (flags & ~known) != 0 || quality > 2 ||
      terms.identifier > identifier_max) {
    return std::nullopt;
  }
  terms.quality = static_cast<mqtt::qos>(quality);
  terms.no_local = (flags & subscription_no_local) != 0;
  terms.retain_as_published = (flags & subscription_as_published) != 0;
  return terms;
}

std::optional<mqtt::message_fields> read_retained(std::string_view value) noexcept {
  byte_reader from = open_row(value);
  mqtt::message_fields fields;
  if (!read_message(from, fields) || !is_whole(from)) return std::nullopt;
  return fields;
}

std::optional<will_row> read_will(std::string_view value) noexcept {
  std::uint8_t format = 0;
  byte_reader from = open_row(value, format);
  will_row row;
  row.keep_alive_s = from.integer<std::uint16_t>();
  if (format == row_format_2) row.delay_s = from.integer<std::uint32_t>();
  row.client_id = from.text(from.integer<std::uint32_t>());
  if (!read_message(from, row.message) || !is_whole(from)) return std::nullopt;
  return row;
}

}  // namespace godwit::store_rocksdb
