#include "conformance/wire_v5.hpp"

#include <gtest/gtest.h>

namespace godwit::conformance::five {

namespace {

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

std::string one(unsigned value) {
  return std::string(1, static_cast<char>(value));
}

/// Reads from the front of a body.
class cursor {
 public:
  explicit cursor(std::string_view bytes) : rest_{bytes} {}
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      ADD_FAILURE() << "a packet that ends too early";
      count = rest_.size();
    }
    const auto head = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return head;
  }
  unsigned u8() { return byte_at(take(1), 0); }
  unsigned u16() {
    const unsigned high = u8();
    return high << 8U | u8();
  }
  unsigned variable() {
    unsigned value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned byte = u8();
      value |= (byte & 127U) << shift;
      if ((byte & 128U) == 0) break;
    }
    return value;
  }
  std::string_view text() { return take(u16()); }
  std::string_view properties() { return take(variable()); }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::string_view rest() { return take(rest_.size()); }

 private:
  std::string_view rest_;
};

std::string value_of(unsigned id, cursor& from) {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2A:
      return std::string{from.take(1)};
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return std::string{from.take(2)};
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return std::string{from.take(4)};
    case 0x0B: {
      const unsigned value = from.variable();
      return u16(value >> 16U) + u16(value & 0xFFFFU);
    }
    case 0x26: {
      const std::string key{from.text()};
      return key + "=" + std::string{from.text()};
    }
    default:
      return std::string{from.text()};
  }
}

}  // namespace

std::string varint(unsigned value) {
  std::string out;
  do {
    const unsigned low = value % 128;
    value /= 128;
    out += one(value > 0 ? low | 128U : low);
  } while (value > 0);
  return out;
}

std::string byte_of(unsigned id, unsigned value) {
  return one(id) + one(value);
}
std::string two_of(unsigned id, unsigned value) {
  return one(id) + u16(value);
}
std::string four_of(unsigned id, unsigned value) {
  return one(id) + u16(value >> 16U) + u16(value & 0xFFFFU);
}
std::string variable_of(unsigned id, unsigned value) {
  return one(id) + varint(value);
}
std::string text_of(unsigned id, std::string_view text) {
  return one(id) + field(text);
}
std::string user(std::string_view key, std::string_view value) {
  return one(0x26) + field(key) + field(value);
}
std::string block(std::string_view properties) {
  return varint(static_cast<unsigned>(properties.size())).append(properties);
}

property_list take_apart(std::string_view bytes) {
  property_list out;
  cursor from{bytes};
  while (!from.empty()) {
    const unsigned id = from.u8();
    out.emplace_back(id, value_of(id, from));
  }
  return out;
}

std::optional<std::string> find(const property_list& in, unsigned id) {
  for (const auto& [its, value] : in) {
    if (its == id) return value;
  }
  return std::nullopt;
}

unsigned number(const std::string& bytes) {
  unsigned value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8U | byte_at(bytes, i);
  return value;
}

std::optional<unsigned> find_number(const property_list& in, unsigned id) {
  const auto value = find(in, id);
  return value ? std::optional{number(*value)} : std::nullopt;
}

std::string connect::bytes() const {
  unsigned flags = clean ? 0x02U : 0U;
  if (will) flags |= 0x04U | will->qos << 3U | (will->retain ? 0x20U : 0U);
  if (user) flags |= 0x80U;
  std::string body = field("MQTT") + one(5) + one(flags) + u16(keep_alive_s) + block(properties);
  body += field(id);
  if (will) body += block(will->properties) + field(will->topic) + field(will->payload);
  if (user) body += field(*user);
  return packet(0x10, body);
}

std::string publish::bytes() const {
  const unsigned first = 0x30U | (dup ? 8U : 0U) | (qos << 1U) | (retain ? 1U : 0U);
  return packet(first, field(topic) + (qos > 0 ? u16(id) : "") + block(properties) + payload);
}

std::string subscribe(unsigned id, const filters& wanted, std::string_view properties) {
  std::string body = u16(id) + block(properties);
  for (const auto& [filter, options] : wanted) body += field(filter) + one(options);
  return packet(0x82, body);
}

std::string unsubscribe(unsigned id, const std::vector<std::string>& topics) {
  std::string body = u16(id) + block("");
  for (const auto& topic : topics) body += field(topic);
  return packet(0xA2, body);
}

std::string ack(unsigned first_byte, unsigned id, unsigned code) {
  return packet(first_byte, u16(id) + one(code));
}

std::string login(std::string_view method, std::string_view data) {
  std::string out = text_of(0x15, method);
  if (!data.empty()) out += text_of(0x16, data);  // binary data has the form of text
  return out;
}

std::string auth(unsigned code, std::string_view method, std::string_view data) {
  return packet(0xF0, one(code) + block(method.empty() ? std::string{} : login(method, data)));
}

std::string disconnect(unsigned code, std::string_view properties) {
  if (properties.empty()) return packet(0xE0, one(code));
  return packet(0xE0, one(code) + block(properties));
}

delivery delivery_of(const received& p) {
  delivery d{.dup = p.dup(),
             .qos = p.qos(),
             .retain = p.retain(),
             .topic = {},
             .properties = {},
             .payload = {}};
  cursor from{p.body};
  d.topic = from.text();
  if (d.qos > 0) d.id = from.u16();
  d.properties = take_apart(from.properties());
  d.payload = from.rest();
  return d;
}

answer answer_of(const received& p) {
  answer a{.type = p.type(), .properties = {}, .codes = {}};
  cursor from{p.body};
  if (a.type == 2) a.flags = from.u8();
  if (a.type != 2 && a.type != 14 && a.type != 15) a.id = from.u16();
  if (a.type == 9 || a.type == 11) {
    a.properties = take_apart(from.properties());
    a.codes = from.rest();
    return a;
  }
  if (!from.empty()) a.code = from.u8();
  if (!from.empty()) a.properties = take_apart(from.properties());
  EXPECT_TRUE(from.empty()) << "bytes behind the properties: " << to_hex(p.bytes);
  return a;
}

}  // namespace godwit::conformance::five
