#pragma once

#include <godwit/mqtt/message.hpp>

#include <string_view>

namespace godwit::routing::test {

[[nodiscard]] inline base::ref<const mqtt::message> retained(std::string_view topic,
                                                             std::uint64_t version,
                                                             std::string_view payload = "x") {
  return mqtt::message::make({.number = mqtt::message_number{version},
                              .topic = topic,
                              .payload = base::as_bytes(payload),
                              .properties = {},
                              .quality = mqtt::qos::at_least_once,
                              .retain = true,
                              .retain_version = version,
                              .arrival = {},
                              .expiry_s = {}});
}

}  // namespace godwit::routing::test
