#include "support/packets.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/mqtt/encode.hpp>

namespace godwit::test {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

unsigned digit_value(char c) {
  const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::size_t value = digits.find(lower);
  GODWIT_ASSERT(value != std::string_view::npos);
  return static_cast<unsigned>(value);
}

void append(base::bytes& out, base::bytes_view more) {
  out.insert(out.end(), more.begin(), more.end());
}

std::byte high(std::size_t n) {
  return static_cast<std::byte>(n >> 8);
}
std::byte low(std::size_t n) {
  return static_cast<std::byte>(n & 0xff);
}

}  // namespace

base::bytes hex(std::string_view text) {
  base::bytes out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\n') {
      ++i;
    } else if (text[i] == '\'') {
      const std::size_t end = text.find('\'', i + 1);
      GODWIT_ASSERT(end != std::string_view::npos);
      append(out, base::as_bytes(text.substr(i + 1, end - i - 1)));
      i = end + 1;
    } else {
      GODWIT_ASSERT(i + 1 < text.size());
      out.push_back(static_cast<std::byte>(digit_value(text[i]) * 16 + digit_value(text[i + 1])));
      i += 2;
    }
  }
  return out;
}

std::string to_hex(base::bytes_view bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    if (!out.empty()) out += ' ';
    out += digits[std::to_integer<unsigned>(b) >> 4];
    out += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return out;
}

base::bytes join(const std::vector<base::bytes>& parts) {
  base::bytes out;
  for (const base::bytes& part : parts) append(out, part);
  return out;
}

base::bytes framed(std::uint8_t first_byte, base::bytes_view body) {
  GODWIT_ASSERT(body.size() <= mqtt::remaining_length_max);
  base::bytes out{std::byte{first_byte}};
  std::size_t rest = body.size();
  do {
    const std::size_t more = rest >= 128 ? 128U : 0U;
    out.push_back(static_cast<std::byte>(rest % 128 + more));
    rest /= 128;
  } while (rest != 0);
  append(out, body);
  return out;
}

base::bytes field(std::string_view text) {
  GODWIT_ASSERT(text.size() <= 65'535);
  base::bytes out{high(text.size()), low(text.size())};
  append(out, base::as_bytes(text));
  return out;
}

base::bytes connect_packet(const connect_options& o) {
  mqtt::connect_view p;
  p.version = o.version;
  p.clean_start = o.clean;
  p.keep_alive_s = o.keep_alive_s;
  p.client_id = o.client_id;
  if (o.will) {
    p.will = mqtt::will_view{.topic = o.will->topic,
                             .payload = base::as_bytes(o.will->payload),
                             .quality = o.will->quality,
                             .retain = o.will->retain,
                             .properties = mqtt::properties_view{o.will->properties}};
  }
  if (o.user_name) p.user_name = *o.user_name;
  if (o.password) p.password = base::as_bytes(*o.password);
  p.properties = mqtt::properties_view{o.properties};
  base::bytes out;
  mqtt::encode(p, out);
  return out;
}

base::bytes publish_packet(std::string_view topic, std::string_view payload,
                           const publish_options& o, protocol_version v) {
  GODWIT_ASSERT((o.quality == qos0) == (o.id == 0));
  mqtt::publish_view p;
  p.topic = topic;
  p.payload = base::as_bytes(payload);
  p.id = mqtt::packet_id{o.id};
  p.quality = o.quality;
  p.dup = o.dup;
  p.retain = o.retain;
  p.properties = mqtt::properties_view{o.properties};
  base::bytes out;
  mqtt::encode(p, v, out);
  return out;
}

base::bytes ack_packet(mqtt::packet_type type, std::uint16_t id, protocol_version v) {
  mqtt::ack_view p;
  p.type = type;
  p.id = mqtt::packet_id{id};
  base::bytes out;
  mqtt::encode(p, v, out);
  return out;
}

base::bytes subscribe_packet(std::uint16_t id, const std::vector<filter_request>& filters,
                             protocol_version v, base::bytes_view properties) {
  mqtt::subscribe_view p;
  p.properties = mqtt::properties_view{properties};
  p.id = mqtt::packet_id{id};
  p.count = base::checked_cast<std::uint32_t>(filters.size());
  p.version = v;
  base::bytes payload;
  for (const filter_request& f : filters) {
    append(payload, field(f.filter));
    auto options = static_cast<unsigned>(f.quality);
    if (f.no_local) options |= 0x04U;
    if (f.retain_as_published) options |= 0x08U;
    options |= static_cast<unsigned>(f.retain_handling) << 4U;
    payload.push_back(static_cast<std::byte>(options));
  }
  p.payload = payload;
  base::bytes out;
  mqtt::encode(p, v, out);
  return out;
}

base::bytes unsubscribe_packet(std::uint16_t id, const std::vector<std::string>& filters,
                               protocol_version v) {
  mqtt::unsubscribe_view p;
  p.id = mqtt::packet_id{id};
  p.count = base::checked_cast<std::uint32_t>(filters.size());
  base::bytes payload;
  for (const std::string& f : filters) append(payload, field(f));
  p.payload = payload;
  base::bytes out;
  mqtt::encode(p, v, out);
  return out;
}

base::bytes pingreq_packet() {
  return hex("c0 00");
}

base::bytes disconnect_packet(protocol_version v, base::bytes_view properties) {
  base::bytes out;
  mqtt::disconnect_view p;
  p.properties = mqtt::properties_view{properties};
  mqtt::encode(p, v, out);
  return out;
}

}  // namespace godwit::test
