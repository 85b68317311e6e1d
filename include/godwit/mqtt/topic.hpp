#pragma once

#include <godwit/mqtt/error.hpp>

#include <optional>
#include <string_view>

namespace godwit::mqtt {

/// Checks a topic name: not empty [v311 MQTT-4.7.3-1], no wildcards [v311 MQTT-3.3.2-2], at most
/// 65535 bytes. UTF-8 was checked by the decoder. Error: topic_name_invalid.
[[nodiscard]] result<void> check_topic_name(std::string_view topic) noexcept;

/// Checks where '#' and '+' stand in a filter. [v311 MQTT-4.7.1-2] [v311 MQTT-4.7.1-3]
[[nodiscard]] result<void> check_topic_filter(std::string_view filter) noexcept;

/// A filter taken apart: "$share/group/filter" or plain.
struct filter_parts {
  std::string_view group;   ///< Empty for an ordinary subscription.
  std::string_view filter;  ///< Without the "$share/group/" in front.
};

/// Checks and takes apart. A "$share" filter needs a group without '/', '+', '#', and a filter
/// behind it, none of them empty. [v5 MQTT-4.8.2-1] [v5 MQTT-4.8.2-2] Error: topic_filter_invalid.
[[nodiscard]] result<filter_parts> parse_topic_filter(std::string_view filter) noexcept;

/// Does the topic match the filter? One pass, no allocation; a first-level wildcard does not match
/// a topic that begins with '$'. [v311 MQTT-4.7.2-1] Both must have been checked.
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic) noexcept;

[[nodiscard]] bool has_wildcard(std::string_view filter) noexcept;
/// Number of levels: separators + 1.
[[nodiscard]] std::size_t topic_levels(std::string_view topic) noexcept;

}  // namespace godwit::mqtt
