#pragma once

#include <godwit/mqtt/properties.hpp>
#include <godwit/mqtt/reason_code.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

/// The control packets as views over the bytes they were decoded from (or are to be encoded from).
/// A view owns nothing and is valid as long as those bytes. All text was checked to be UTF-8.

namespace godwit::mqtt {

struct will_view {
  std::string_view topic;  ///< A valid topic name.
  bytes_view payload;
  qos quality = qos::at_most_once;
  bool retain = false;
  properties_view properties;  ///< Will Properties, MQTT 5 only.
};

struct connect_view {
  protocol_version version = protocol_version::v311;
  bool clean_start = true;  ///< "Clean session" in 3.x.
  std::uint16_t keep_alive_s = 0;
  std::string_view client_id;  ///< May be empty; what that means is the session's business.
  std::optional<will_view> will;
  std::optional<std::string_view> user_name;
  std::optional<bytes_view> password;
  properties_view properties;
};

struct connack_view {
  bool session_present = false;
  std::uint8_t code = 0;  ///< 3.x return code or MQTT 5 reason code, as the version says.
  properties_view properties;
};

struct publish_view {
  std::string_view topic;  ///< Valid topic name; empty only in MQTT 5 with a topic alias.
  bytes_view payload;
  packet_id id{};  ///< 0 exactly when the QoS is 0.
  qos quality = qos::at_most_once;
  bool dup = false;
  bool retain = false;
  properties_view properties;
};

/// PUBACK, PUBREC, PUBREL and PUBCOMP.
struct ack_view {
  packet_type type = packet_type::puback;
  packet_id id{};
  reason_code code = reason_code::success;  ///< Always success in 3.x.
  properties_view properties;
};

/// One filter of a SUBSCRIBE with its options; the last three are MQTT 5 only.
struct subscription_request {
  std::string_view filter;  ///< Valid UTF-8 without U+0000; its wildcards are not yet checked.
  qos quality = qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  std::uint8_t retain_handling = 0;  ///< 0, 1 or 2.
};

/// Walks the checked payload of a SUBSCRIBE: `while (auto s = cursor.next()) ...`.
class subscription_cursor {
 public:
  subscription_cursor() = default;
  subscription_cursor(bytes_view checked_payload, protocol_version version) noexcept
      : rest_{checked_payload}, version_{version} {}
  std::optional<subscription_request> next() noexcept;

 private:
  bytes_view rest_;
  protocol_version version_ = protocol_version::v311;
};

struct subscribe_view {
  packet_id id{};
  bool dup = false;  ///< A repetition, MQTT 3.1 only. [v31 M31-flags-2]
  properties_view properties;
  std::uint32_t count = 0;  ///< Number of filters, at least 1.
  bytes_view payload;       ///< Checked.
  protocol_version version = protocol_version::v311;
  [[nodiscard]] subscription_cursor filters() const noexcept { return {payload, version}; }
};

/// Also carries UNSUBACK: there `codes` is empty in 3.x.
struct suback_view {
  packet_type type = packet_type::suback;
  packet_id id{};
  bytes_view codes;  ///< One return or reason code per filter, in order.
  properties_view properties;
};

/// Walks the checked payload of an UNSUBSCRIBE.
class filter_cursor {
 public:
  filter_cursor() = default;
  explicit filter_cursor(bytes_view checked_payload) noexcept : rest_{checked_payload} {}
  std::optional<std::string_view> next() noexcept;

 private:
  bytes_view rest_;
};

struct unsubscribe_view {
  packet_id id{};
  bool dup = false;  ///< A repetition, MQTT 3.1 only.
  properties_view properties;
  std::uint32_t count = 0;
  bytes_view payload;  ///< Checked.
  [[nodiscard]] filter_cursor filters() const noexcept { return filter_cursor{payload}; }
};

struct pingreq_view {};
struct pingresp_view {};

struct disconnect_view {
  reason_code code = reason_code::success;
  properties_view properties;
};

struct auth_view {
  reason_code code = reason_code::success;
  properties_view properties;
};

using packet_view =
    std::variant<connect_view, connack_view, publish_view, ack_view, subscribe_view, suback_view,
                 unsubscribe_view, pingreq_view, pingresp_view, disconnect_view, auth_view>;

}  // namespace godwit::mqtt
