#pragma once

#include "random_source.hpp"

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/packets.hpp>

#include <deque>
#include <string>

namespace godwit::test {

/// Makes valid packets of any type, from a seed alone. What a packet views lives as long as the
/// object that made it.
class random_packet {
 public:
  explicit random_packet(std::uint64_t seed) : random_{seed} {}

  /// A packet that this side may send in this version.
  [[nodiscard]] mqtt::packet_view make(mqtt::protocol_version version, mqtt::sender from);
  [[nodiscard]] mqtt::packet_view make(mqtt::packet_type type, mqtt::protocol_version version,
                                       mqtt::sender from);
  /// A block of properties that may stand there; not sorted, some twice where that is allowed.
  [[nodiscard]] mqtt::properties_view properties(mqtt::property_owner owner, mqtt::sender from);

 private:
  [[nodiscard]] std::string_view text(std::size_t size_max);
  [[nodiscard]] std::string_view topic();
  [[nodiscard]] std::string_view filter();
  [[nodiscard]] base::bytes_view binary(std::size_t size_max);
  [[nodiscard]] mqtt::packet_id id() {
    return mqtt::packet_id{static_cast<std::uint16_t>(1 + random_.below(65'535))};
  }
  [[nodiscard]] mqtt::qos quality() { return static_cast<mqtt::qos>(random_.below(3)); }
  [[nodiscard]] mqtt::reason_code code(mqtt::packet_type type, mqtt::sender from);
  [[nodiscard]] base::bytes_view codes(mqtt::packet_type type, mqtt::protocol_version version);

  [[nodiscard]] mqtt::connect_view connect(mqtt::protocol_version version);
  [[nodiscard]] mqtt::publish_view publish(mqtt::protocol_version version, mqtt::sender from);
  [[nodiscard]] mqtt::ack_view ack(mqtt::packet_type type, mqtt::protocol_version version,
                                   mqtt::sender from);
  [[nodiscard]] mqtt::subscribe_view subscribe(mqtt::protocol_version version);
  [[nodiscard]] mqtt::unsubscribe_view unsubscribe(mqtt::protocol_version version);
  [[nodiscard]] mqtt::suback_view suback(mqtt::packet_type type, mqtt::protocol_version version);
  [[nodiscard]] mqtt::auth_view auth(mqtt::sender from);
  [[nodiscard]] mqtt::properties_view properties_in(mqtt::protocol_version version,
                                                    mqtt::property_owner owner, mqtt::sender from) {
    if (version != mqtt::protocol_version::v5) return {};
    return properties(owner, from);
  }
  void add_property(mqtt::property_id id, base::bytes& out);

  random_source random_;
  std::deque<std::string> texts_;
  std::deque<base::bytes> blocks_;
};

inline std::string_view random_packet::text(std::size_t size_max) {
  static constexpr std::string_view pieces[] = {
      "a",           "b", "zz", "/", " ", "sensor", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
      "\xEF\xBB\xBF"};
  std::string made;
  const std::size_t size = random_.below(size_max + 1);
  while (made.size() < size) made += pieces[random_.below(std::size(pieces))];
  return texts_.emplace_back(std::move(made));
}

inline std::string_view random_packet::topic() {
  const std::string made = "t" + std::string{text(20)};
  return texts_.emplace_back(made);
}

inline std::string_view random_packet::filter() {
  static constexpr std::string_view ends[] = {"", "/+", "/#", "/+/x", "/+/#"};
  const std::string made = std::string{topic()} + std::string{ends[random_.below(std::size(ends))]};
  return texts_.emplace_back(made);
}

inline base::bytes_view random_packet::binary(std::size_t size_max) {
  base::bytes& made = blocks_.emplace_back(random_.below(size_max + 1));
  for (std::byte& b : made) b = static_cast<std::byte>(random_.below(256));
  return made;
}

inline mqtt::reason_code random_packet::code(mqtt::packet_type type, mqtt::sender from) {
  for (;;) {
    const auto value = static_cast<mqtt::reason_code>(random_.below(256));
    if (mqtt::is_allowed(value, type, from)) return value;
  }
}

inline void random_packet::add_property(mqtt::property_id id, base::bytes& out) {
  using enum mqtt::property_id;
  mqtt::properties_builder to{out};
  const auto number = [&](std::uint32_t low, std::size_t high) {
    to.add(id, static_cast<std::uint32_t>(low + random_.below(high - low + 1)));
  };
  switch (id) {
    case payload_format_indicator:
    case request_problem_information:
    case request_response_information:
    case maximum_qos:
    case retain_available:
    case wildcard_subscription_available:
    case subscription_identifier_available:
    case shared_subscription_available:
      return number(0, 1);
    case server_keep_alive:
    case topic_alias_maximum:
      return number(0, 0xFFFF);
    case receive_maximum:
    case topic_alias:
      return number(1, 0xFFFF);
    case message_expiry_interval:
    case session_expiry_interval:
    case will_delay_interval:
      return number(0, 0xFFFFFFFF);
    case maximum_packet_size:
      return number(1, 0xFFFFFFFF);
    case subscription_identifier:
      return number(1, mqtt::remaining_length_max >> (7 * random_.below(4)));
    case content_type:
    case assigned_client_identifier:
    case authentication_method:
    case response_information:
    case server_reference:
    case reason_string:
      to.add(id, text(12));
      return;
    case response_topic:
      to.add(id, topic());
      return;
    case correlation_data:
    case authentication_data:
      to.add(id, binary(12));
      return;
    case user_property:
      to.add_user_property(text(8), text(8));
      return;
  }
}

inline mqtt::properties_view random_packet::properties(mqtt::property_owner owner,
                                                       mqtt::sender from) {
  base::bytes block;
  const std::size_t wanted = random_.below(6);
  for (std::size_t i = 0; i < wanted; ++i) {
    // Try any property; keep it if the block is still in order.
    const auto id = static_cast<mqtt::property_id>(random_.below(0x2B));
    base::bytes longer = block;
    add_property(id, longer);
    if (mqtt::check_properties(longer, owner, from)) block = std::move(longer);
  }
  return mqtt::check_properties(blocks_.emplace_back(std::move(block)), owner, from).value();
}

inline mqtt::connect_view random_packet::connect(mqtt::protocol_version version) {
  using mqtt::property_owner;
  mqtt::connect_view p;
  p.version = version;
  p.clean_start = random_.coin();
  p.keep_alive_s = static_cast<std::uint16_t>(random_.below(65'536));
  p.client_id = text(30);
  p.properties = properties_in(version, property_owner::connect, mqtt::sender::client);
  if (random_.coin()) {
    p.will = mqtt::will_view{topic(), binary(40), quality(), random_.coin(),
                             properties_in(version, property_owner::will, mqtt::sender::client)};
  }
  if (random_.coin()) p.user_name = text(20);
  const bool may_have_password = p.user_name || version == mqtt::protocol_version::v5;
  if (may_have_password && random_.coin()) p.password = binary(20);
  return p;
}

inline mqtt::publish_view random_packet::publish(mqtt::protocol_version version,
                                                 mqtt::sender from) {
  mqtt::publish_view p;
  p.quality = quality();
  p.retain = random_.coin();
  if (p.quality != mqtt::qos::at_most_once) {
    p.id = id();
    p.dup = random_.coin();
  }
  p.properties = properties_in(version, mqtt::property_owner::publish, from);
  if (!p.properties.topic_alias() || random_.coin()) p.topic = topic();
  p.payload = binary(random_.below(20) == 0 ? 20'000 : 60);
  return p;
}

inline mqtt::ack_view random_packet::ack(mqtt::packet_type type, mqtt::protocol_version version,
                                         mqtt::sender from) {
  using mqtt::property_owner;
  mqtt::ack_view p;
  p.type = type;
  p.id = id();
  if (version != mqtt::protocol_version::v5) return p;
  p.code = code(type, from);
  const auto first = static_cast<unsigned>(mqtt::packet_type::puback);
  const auto owner = static_cast<property_owner>(static_cast<unsigned>(property_owner::puback) +
                                                 static_cast<unsigned>(type) - first);
  p.properties = properties(owner, from);
  return p;
}

inline mqtt::subscribe_view random_packet::subscribe(mqtt::protocol_version version) {
  mqtt::subscribe_view p;
  p.version = version;
  p.id = id();
  p.dup = version == mqtt::protocol_version::v31 && random_.coin();
  p.properties = properties_in(version, mqtt::property_owner::subscribe, mqtt::sender::client);
  p.count = static_cast<std::uint32_t>(1 + random_.below(4));
  base::bytes& payload = blocks_.emplace_back();
  for (std::uint32_t i = 0; i < p.count; ++i) {
    const std::string_view one = filter();
    payload.push_back(std::byte{0});
    payload.push_back(static_cast<std::byte>(one.size()));
    for (const char c : one) payload.push_back(static_cast<std::byte>(c));
    std::size_t options = random_.below(3);
    if (version == mqtt::protocol_version::v5) {
      options |= random_.below(4) << 2U | random_.below(3) << 4U;
    }
    payload.push_back(static_cast<std::byte>(options));
  }
  p.payload = payload;
  return p;
}

inline mqtt::unsubscribe_view random_packet::unsubscribe(mqtt::protocol_version version) {
  mqtt::unsubscribe_view p;
  p.id = id();
  p.dup = version == mqtt::protocol_version::v31 && random_.coin();
  p.properties = properties_in(version, mqtt::property_owner::unsubscribe, mqtt::sender::client);
  p.count = static_cast<std::uint32_t>(1 + random_.below(4));
  base::bytes& payload = blocks_.emplace_back();
  for (std::uint32_t i = 0; i < p.count; ++i) {
    const std::string_view one = filter();
    payload.push_back(std::byte{0});
    payload.push_back(static_cast<std::byte>(one.size()));
    for (const char c : one) payload.push_back(static_cast<std::byte>(c));
  }
  p.payload = payload;
  return p;
}

inline base::bytes_view random_packet::codes(mqtt::packet_type type,
                                             mqtt::protocol_version version) {
  base::bytes& made = blocks_.emplace_back(1 + random_.below(5));
  for (std::byte& b : made) {
    b = version == mqtt::protocol_version::v5
            ? static_cast<std::byte>(code(type, mqtt::sender::server))
            : static_cast<std::byte>(random_.below(3));
  }
  return made;
}

inline mqtt::suback_view random_packet::suback(mqtt::packet_type type,
                                               mqtt::protocol_version version) {
  const bool unsuback = type == mqtt::packet_type::unsuback;
  mqtt::suback_view p;
  p.type = type;
  p.id = id();
  if (!unsuback || version == mqtt::protocol_version::v5) p.codes = codes(type, version);
  p.properties = properties_in(
      version, unsuback ? mqtt::property_owner::unsuback : mqtt::property_owner::suback,
      mqtt::sender::server);
  return p;
}

inline mqtt::auth_view random_packet::auth(mqtt::sender from) {
  for (;;) {
    mqtt::auth_view p{code(mqtt::packet_type::auth, from),
                      properties(mqtt::property_owner::auth, from)};
    if (p.properties.authentication_method()) return p;
  }
}

inline mqtt::packet_view random_packet::make(mqtt::packet_type type, mqtt::protocol_version version,
                                             mqtt::sender from) {
  using kind = mqtt::packet_type;
  switch (type) {
    case kind::connect:
      return connect(version);
    case kind::connack: {
      mqtt::connack_view p;
      p.session_present = version != mqtt::protocol_version::v31 && random_.coin();
      p.properties = properties_in(version, mqtt::property_owner::connack, from);
      if (p.session_present) return p;
      p.code = version == mqtt::protocol_version::v5
                   ? static_cast<std::uint8_t>(code(kind::connack, from))
                   : static_cast<std::uint8_t>(random_.below(6));
      return p;
    }
    case kind::publish:
      return publish(version, from);
    case kind::puback:
    case kind::pubrec:
    case kind::pubrel:
    case kind::pubcomp:
      return ack(type, version, from);
    case kind::subscribe:
      return subscribe(version);
    case kind::suback:
    case kind::unsuback:
      return suback(type, version);
    case kind::unsubscribe:
      return unsubscribe(version);
    case kind::pingreq:
      return mqtt::pingreq_view{};
    case kind::pingresp:
      return mqtt::pingresp_view{};
    case kind::disconnect: {
      mqtt::disconnect_view p;
      if (version == mqtt::protocol_version::v5) {
        p.code = code(kind::disconnect, from);
        p.properties = properties(mqtt::property_owner::disconnect, from);
      }
      return p;
    }
    case kind::auth:
      return auth(from);
  }
  return mqtt::pingreq_view{};
}

inline mqtt::packet_view random_packet::make(mqtt::protocol_version version, mqtt::sender from) {
  using kind = mqtt::packet_type;
  using list = std::vector<kind>;
  list types{kind::publish, kind::puback, kind::pubrec, kind::pubrel, kind::pubcomp};
  const bool v5 = version == mqtt::protocol_version::v5;
  const list more =
      from == mqtt::sender::client
          ? list{kind::connect, kind::subscribe, kind::unsubscribe, kind::pingreq, kind::disconnect}
          : list{kind::connack, kind::suback, kind::unsuback, kind::pingresp};
  types.insert(types.end(), more.begin(), more.end());
  if (v5) types.push_back(kind::auth);
  if (v5 && from == mqtt::sender::server) types.push_back(kind::disconnect);
  return make(types[random_.below(types.size())], version, from);
}

}  // namespace godwit::test
