#include "conformance/wire.hpp"

#include <godwit/base/assert.hpp>

namespace godwit::conformance {

namespace {

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

unsigned u16_at(std::string_view bytes, std::size_t index) {
  return (byte_at(bytes, index) << 8U) | byte_at(bytes, index + 1);
}

}  // namespace

std::string hex(std::string_view text) {
  const auto digit = [](char c) -> unsigned {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto place = digits.find(c);
    GODWIT_ASSERT(place != std::string_view::npos);
    return static_cast<unsigned>(place);
  };
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    GODWIT_ASSERT(i + 1 < text.size());
    out.push_back(static_cast<char>((digit(text[i]) << 4U) | digit(text[i + 1])));
    i += 2;
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out.push_back(' ');
    out.push_back(digits[byte_at(bytes, i) >> 4U]);
    out.push_back(digits[byte_at(bytes, i) & 15U]);
  }
  return out;
}

std::string u16(unsigned value) {
  return {static_cast<char>((value >> 8U) & 255U), static_cast<char>(value & 255U)};
}

std::string field(std::string_view text) {
  return u16(static_cast<unsigned>(text.size())).append(text);
}

std::string packet(unsigned first_byte, std::string_view body) {
  std::string out(1, static_cast<char>(first_byte));
  std::size_t rest = body.size();
  do {
    const auto low = static_cast<unsigned>(rest % 128);
    rest /= 128;
    out.push_back(static_cast<char>(rest > 0 ? low | 128U : low));
  } while (rest > 0);
  return out.append(body);
}

unsigned connect::flags() const {
  unsigned bits = clean ? 0x02U : 0U;
  if (will) bits |= 0x04U | (will->qos << 3U) | (will->retain ? 0x20U : 0U);
  if (password) bits |= 0x40U;
  if (user) bits |= 0x80U;
  return bits;
}

std::string connect::payload() const {
  std::string out = field(id);
  if (will) out += field(will->topic) + field(will->payload);
  if (user) out += field(*user);
  if (password) out += field(*password);
  return out;
}

std::string connect::bytes() const {
  const bool old = version == protocol_version::v31;
  std::string body = field(old ? "MQIsdp" : "MQTT");
  body.push_back(static_cast<char>(version));
  body.push_back(static_cast<char>(flags()));
  return packet(0x10, body + u16(keep_alive_s) + payload());
}

std::string raw_connect(std::string_view name, unsigned level, unsigned flags,
                        std::string_view payload, unsigned first_byte) {
  std::string body = field(name);
  body.push_back(static_cast<char>(level));
  body.push_back(static_cast<char>(flags));
  return packet(first_byte, (body + u16(0)).append(payload));
}

std::string raw_connect(protocol_version version, unsigned flags, std::string_view payload) {
  const bool old = version == protocol_version::v31;
  return raw_connect(old ? "MQIsdp" : "MQTT", static_cast<unsigned>(version), flags, payload);
}

std::string publish::bytes() const {
  const unsigned first = 0x30U | (dup ? 8U : 0U) | (qos << 1U) | (retain ? 1U : 0U);
  return packet(first, field(topic) + (qos > 0 ? u16(id) : "") + payload);
}

std::string subscribe(unsigned id, const filters& wanted, unsigned first_byte) {
  std::string body = u16(id);
  for (const auto& [filter, qos] : wanted) {
    body += field(filter);
    body.push_back(static_cast<char>(qos));
  }
  return packet(first_byte, body);
}

std::string unsubscribe(unsigned id, const std::vector<std::string>& topics, unsigned first_byte) {
  std::string body = u16(id);
  for (const auto& topic : topics) body += field(topic);
  return packet(first_byte, body);
}

std::string ack(unsigned first_byte, unsigned id) {
  return packet(first_byte, u16(id));
}

std::string suback(unsigned id, std::initializer_list<unsigned> codes) {
  std::string body = u16(id);
  for (const unsigned code : codes) body.push_back(static_cast<char>(code));
  return packet(0x90, body);
}

std::string received::topic() const {
  return body.substr(2, u16_at(body, 0));
}

unsigned received::id() const {
  if (!is_publish()) return u16_at(body, 0);
  return qos() == 0 ? 0 : u16_at(body, 2 + u16_at(body, 0));
}

std::string received::payload() const {
  return body.substr(2 + u16_at(body, 0) + (qos() == 0 ? 0U : 2U));
}

std::vector<received> take_packets(std::string& stream) {
  std::vector<received> out;
  for (;;) {
    std::size_t length = 0;
    std::size_t at = 1;
    bool whole = false;
    for (unsigned shift = 0; at < stream.size() && at <= 4 && !whole; shift += 7, ++at) {
      length |= static_cast<std::size_t>(byte_at(stream, at) & 127U) << shift;
      whole = byte_at(stream, at) < 128;
    }
    if (!whole || stream.size() < at + length) return out;
    out.push_back({stream.substr(0, at + length), byte_at(stream, 0), stream.substr(at, length)});
    stream.erase(0, at + length);
  }
}

}  // namespace godwit::conformance
