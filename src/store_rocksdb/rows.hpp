#pragma once

#include "chunk.hpp"

#include <godwit/base/ref.hpp>
#include <godwit/store/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What is kept as ordinary keys beside the journal: sessions, subscriptions, retained messages and
/// wills. docs/store_format.md is the contract.

namespace godwit::store_rocksdb {

/// Index into `row_digests`. Never renumber.
enum class column : std::uint8_t { session = 0, subscription = 1, retained = 2, will = 3 };

/// What goes into a row's digest.
[[nodiscard]] std::uint64_t row_hash(std::string_view key, std::string_view value) noexcept;

/// Changes rows as part of the commit that is being built.
class row_store {
 public:
  virtual ~row_store() = default;
  /// Sees the changes of this commit.
  [[nodiscard]] virtual std::optional<std::string> read(column c, std::string_view key) = 0;
  virtual void write(column c, std::string_view key, std::string_view value) = 0;
  virtual void erase(column c, std::string_view key) = 0;
  virtual void erase_all_with(column c, std::string_view prefix) = 0;
};

/// A session has up to five rows; the byte after its number says which. Never renumber.
enum class session_row : std::uint8_t {
  opened = 1,
  idle = 2,
  ended = 3,
  next_position = 4,
  expires = 5,
};

[[nodiscard]] std::string session_key(std::uint64_t session, session_row which);
[[nodiscard]] std::string subscription_key(std::uint64_t session, std::string_view filter);

[[nodiscard]] std::string opened_value(const store::session_opened& r);
[[nodiscard]] std::string number_value(std::uint64_t n);
[[nodiscard]] std::string subscription_value(const store::subscription_terms& terms);
[[nodiscard]] std::string retained_value(const mqtt::message& m);
[[nodiscard]] std::string will_value(const store::will_stored& r);

// Readers: nothing where the bytes make no sense.
struct session_row_name {
  std::uint64_t session = 0;
  session_row which = session_row::opened;
};
struct subscription_row_name {
  std::uint64_t session = 0;
  std::string_view filter;
};
struct opened_row {
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  std::string_view client_id;
  std::string_view owner;
};
struct will_row {
  std::uint16_t keep_alive_s = 0;
  std::uint32_t delay_s = 0;
  std::string_view client_id;
  mqtt::message_fields message;
};
[[nodiscard]] std::optional<session_row_name> read_session_key(std::string_view key) noexcept;
[[nodiscard]] std::optional<subscription_row_name> read_subscription_key(
    std::string_view key) noexcept;
[[nodiscard]] std::optional<opened_row> read_opened(std::string_view value) noexcept;
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view value) noexcept;
[[nodiscard]] std::optional<store::subscription_terms> read_subscription(
    std::string_view value) noexcept;
[[nodiscard]] std::optional<mqtt::message_fields> read_retained(std::string_view value) noexcept;
[[nodiscard]] std::optional<will_row> read_will(std::string_view value) noexcept;

}  // namespace godwit::store_rocksdb
