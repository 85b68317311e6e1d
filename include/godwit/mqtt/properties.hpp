#pragma once

#include <godwit/mqtt/error.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

/// Properties of MQTT 5. [v5 2.2.2]

namespace godwit::mqtt {

/// Identifiers as on the wire.
enum class property_id : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

/// Where a property block stands; decides what it may contain.
enum class property_owner : std::uint8_t {
  connect,
  will,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  disconnect,
  auth,
};

struct string_pair {
  std::string_view key;
  std::string_view value;
  friend bool operator==(const string_pair&, const string_pair&) = default;
};

/// Byte, two-byte, four-byte and variable-byte integers all come as `std::uint32_t`.
using property_value = std::variant<std::uint32_t, std::string_view, bytes_view, string_pair>;

struct property {
  property_id id{};
  property_value value;
};

/// Walks a checked block in the order sent: `while (auto p = cursor.next()) ...`.
class property_cursor {
 public:
  property_cursor() = default;
  explicit property_cursor(bytes_view checked) noexcept : rest_{checked} {}
  std::optional<property> next() noexcept;

 private:
  bytes_view rest_;
};

/// A checked property block, without its length: what decoding hands out, or what
/// `properties_builder` made. Owns nothing. Asking for an absent property costs nothing when the
/// view comes from `check_properties`; otherwise a lookup is linear in the size of the block.
class properties_view {
 public:
  properties_view() = default;
  /// `checked` must come from `check_properties`, `properties_builder` or `append_forwardable`.
  explicit properties_view(bytes_view checked) noexcept
      : bytes_{checked}, possible_{checked.empty() ? 0 : ~std::uint64_t{0}} {}

  [[nodiscard]] bytes_view bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] property_cursor all() const noexcept { return property_cursor{bytes_}; }

  /// 0: unspecified bytes, 1: UTF-8.
  [[nodiscard]] std::optional<std::uint8_t> payload_format_indicator() const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> message_expiry_interval() const noexcept;  ///< seconds
  [[nodiscard]] std::optional<std::string_view> content_type() const noexcept;
  [[nodiscard]] std::optional<std::string_view> response_topic() const noexcept;
  [[nodiscard]] std::optional<bytes_view> correlation_data() const noexcept;
  /// The first one; a PUBLISH from a server may have several, see all().
  [[nodiscard]] std::optional<std::uint32_t> subscription_identifier() const noexcept;
  /// Seconds; 0xFFFFFFFF = never.
  [[nodiscard]] std::optional<std::uint32_t> session_expiry_interval() const noexcept;
  [[nodiscard]] std::optional<std::string_view> assigned_client_identifier() const noexcept;
  [[nodiscard]] std::optional<std::uint16_t> server_keep_alive() const noexcept;  ///< seconds
  [[nodiscard]] std::optional<std::string_view> authentication_method() const noexcept;
  [[nodiscard]] std::optional<bytes_view> authentication_data() const noexcept;
  [[nodiscard]] std::optional<bool> request_problem_information() const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> will_delay_interval() const noexcept;  ///< seconds
  [[nodiscard]] std::optional<bool> request_response_information() const noexcept;
  [[nodiscard]] std::optional<std::string_view> response_information() const noexcept;
  [[nodiscard]] std::optional<std::string_view> server_reference() const noexcept;
  [[nodiscard]] std::optional<std::string_view> reason_string() const noexcept;
  [[nodiscard]] std::optional<std::uint16_t> receive_maximum() const noexcept;  ///< never 0
  [[nodiscard]] std::optional<std::uint16_t> topic_alias_maximum() const noexcept;
  [[nodiscard]] std::optional<std::uint16_t> topic_alias() const noexcept;  ///< never 0
  [[nodiscard]] std::optional<qos> maximum_qos() const noexcept;            ///< 0 or 1
  [[nodiscard]] std::optional<bool> retain_available() const noexcept;
  [[nodiscard]] std::optional<std::uint32_t> maximum_packet_size() const noexcept;  ///< never 0
  [[nodiscard]] std::optional<bool> wildcard_subscription_available() const noexcept;
  [[nodiscard]] std::optional<bool> subscription_identifier_available() const noexcept;
  [[nodiscard]] std::optional<bool> shared_subscription_available() const noexcept;
  /// The first User Property with this key; see all() for the others.
  [[nodiscard]] std::optional<std::string_view> user_property(std::string_view key) const noexcept;

 private:
  friend result<properties_view> check_properties(bytes_view block, property_owner owner,
                                                  sender from) noexcept;
  [[nodiscard]] bool may_have(property_id id) const noexcept {
    return ((possible_ >> static_cast<unsigned>(id)) & 1U) != 0;
  }
  [[nodiscard]] std::optional<property_value> find(property_id id) const noexcept;
  template <class T>
  [[nodiscard]] std::optional<T> find_as(property_id id) const noexcept;

  bytes_view bytes_;
  std::uint64_t possible_ = 0;  ///< Bit n: property n may be there.
};

/// Checks a block that a peer sent, without its length: identifiers allowed here, at most once
/// where once is the rule, lengths, UTF-8, ranges. Linear time, no allocation. Errors:
/// malformed_packet for what cannot be parsed or does not belong here, topic_alias_invalid for
/// alias 0 [v5 MQTT-3.3.2-8], protocol_error for the rest (twice, out of range, for the other side
/// only).
[[nodiscard]] result<properties_view> check_properties(bytes_view block, property_owner owner,
                                                       sender from) noexcept;

/// Appends properties of our own to `out`. The value's type, range and length must fit the property
/// (assertion); which packet they go into is the caller's business.
class properties_builder {
 public:
  explicit properties_builder(base::bytes& out) noexcept : out_{out} {}

  properties_builder& add(property_id id, std::uint32_t value);
  properties_builder& add(property_id id, std::string_view text);
  properties_builder& add(property_id id, bytes_view binary);
  properties_builder& add_user_property(std::string_view key, std::string_view value);

 private:
  base::bytes& out_;
};

/// Appends those properties of a PUBLISH or a will that go to the subscribers unchanged: payload
/// format, content type, response topic, correlation data and the user properties, in the order
/// sent. Not the expiry, the alias, the will delay and the subscription identifiers.
/// [v5 MQTT-3.3.2-4] [v5 MQTT-3.3.2-15] [v5 MQTT-3.3.2-16] [v5 MQTT-3.3.2-17] [v5 MQTT-3.3.2-18]
/// [v5 MQTT-3.3.2-20] [v5 MQTT-3.1.3-10]
void append_forwardable(const properties_view& properties, base::bytes& out);

}  // namespace godwit::mqtt
