#pragma once

#include "conformance/wire.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Packets of MQTT 5 as a client puts them on the wire, without the broker's own codec.

namespace godwit::conformance::five {

[[nodiscard]] std::string varint(unsigned value);
/// One property each.
[[nodiscard]] std::string byte_of(unsigned id, unsigned value);
[[nodiscard]] std::string two_of(unsigned id, unsigned value);
[[nodiscard]] std::string four_of(unsigned id, unsigned value);
[[nodiscard]] std::string variable_of(unsigned id, unsigned value);
[[nodiscard]] std::string text_of(unsigned id, std::string_view text);
[[nodiscard]] std::string user(std::string_view key, std::string_view value);
/// A block: its length and the properties.
[[nodiscard]] std::string block(std::string_view properties);

/// A block taken apart: (identifier, value as it stood on the wire, without length bytes of text).
using property_list = std::vector<std::pair<unsigned, std::string>>;
[[nodiscard]] property_list take_apart(std::string_view block_without_length);
[[nodiscard]] std::optional<std::string> find(const property_list& in, unsigned id);
[[nodiscard]] unsigned number(const std::string& bytes);
[[nodiscard]] std::optional<unsigned> find_number(const property_list& in, unsigned id);

struct will {
  std::string topic = "will/topic";
  std::string payload = "gone";
  unsigned qos = 0;
  bool retain = false;
  std::string properties{};
};

struct connect {
  std::string id = "client";
  bool clean = true;
  unsigned keep_alive_s = 0;
  std::string properties{};
  std::optional<five::will> will{};
  std::optional<std::string> user{};

  [[nodiscard]] std::string bytes() const;
};

struct publish {
  std::string topic = "a/b";
  std::string payload = "x";
  unsigned qos = 0;
  unsigned id = 1;
  bool dup = false;
  bool retain = false;
  std::string properties{};

  [[nodiscard]] std::string bytes() const;
};

/// Options: 0x03 QoS, 0x04 No Local, 0x08 Retain As Published, 0x30 Retain Handling.
using filters = std::vector<std::pair<std::string, unsigned>>;
[[nodiscard]] std::string subscribe(unsigned id, const filters& wanted,
                                    std::string_view properties = {});
[[nodiscard]] std::string unsubscribe(unsigned id, const std::vector<std::string>& topics);
/// PUBACK and the like with a reason code.
[[nodiscard]] std::string ack(unsigned first_byte, unsigned id, unsigned code);
/// AUTH with the properties of its exchange; no method, no property.
[[nodiscard]] std::string auth(unsigned code, std::string_view method, std::string_view data = {});
/// Those properties.
[[nodiscard]] std::string login(std::string_view method, std::string_view data = {});
[[nodiscard]] std::string disconnect(unsigned code, std::string_view properties = {});

/// A PUBLISH that the broker sent.
struct delivery {
  bool dup = false;
  unsigned qos = 0;
  bool retain = false;
  std::string topic;
  unsigned id = 0;
  property_list properties;
  std::string payload;
};
[[nodiscard]] delivery delivery_of(const received& p);

/// CONNACK, DISCONNECT, AUTH, SUBACK, UNSUBACK and acknowledgements that the broker sent.
struct answer {
  unsigned type = 0;
  unsigned flags = 0;  ///< CONNACK
  unsigned id = 0;     ///< of those that have one
  unsigned code = 0;
  property_list properties{};
  std::string codes{};  ///< SUBACK, UNSUBACK
};
[[nodiscard]] answer answer_of(const received& p);

}  // namespace godwit::conformance::five
