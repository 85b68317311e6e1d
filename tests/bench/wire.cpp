#include "wire.hpp"

#include <algorithm>
#include <cstring>

namespace godwit::bench {
namespace {

constexpr std::size_t largest_header = 5;
constexpr std::uint8_t continues = 0x80;

std::uint8_t low_octet(std::size_t value) {
  return static_cast<std::uint8_t>(value & 0xff);
}

void append_u16(octets& out, std::size_t value) {
  out.push_back(low_octet(value >> 8));
  out.push_back(low_octet(value));
}

void append_string(octets& out, std::string_view text) {
  append_u16(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

std::size_t write_header(std::uint8_t* to, std::uint8_t first, std::size_t remaining) {
  std::size_t used = 0;
  to[used++] = first;
  do {
    const std::size_t rest = remaining >> 7;
    to[used++] = static_cast<std::uint8_t>((remaining & 0x7f) | (rest != 0 ? continues : 0));
    remaining = rest;
  } while (remaining != 0);
  return used;
}

void append_header(octets& out, std::uint8_t first, std::size_t remaining) {
  std::uint8_t header[largest_header];
  out.insert(out.end(), header, header + write_header(header, first, remaining));
}

std::uint8_t first_octet(packet_type type, unsigned flags = 0) {
  return static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4) | flags);
}

/// Octets that MQTT 5 adds where nothing is said.
std::size_t empty_properties(protocol version) {
  return version == protocol::v5 ? 1 : 0;
}

std::uint16_t read_u16(octet_view from, std::size_t at) {
  return static_cast<std::uint16_t>((from[at] << 8) | from[at + 1]);
}

}  // namespace

std::string_view name_of(protocol version) {
  switch (version) {
    case protocol::v31:
      return "3.1";
    case protocol::v311:
      return "3.1.1";
    case protocol::v5:
      return "5.0";
  }
  return "?";
}

std::size_t next_packet(octet_view input, packet_view& packet) {
  std::size_t remaining = 0;
  for (std::size_t at = 1; at < input.size() && at < largest_header; ++at) {
    remaining |= static_cast<std::size_t>(input[at] & 0x7f) << (7 * (at - 1));
    if ((input[at] & continues) != 0) {
      if (at + 1 == largest_header) throw bench_error("malformed remaining length received");
      continue;
    }
    const std::size_t header = at + 1;
    if (input.size() - header < remaining) return 0;
    packet = {.first = input[0], .body = input.subspan(header, remaining)};
    return header + remaining;
  }
  return 0;
}

octet_view past_properties(octet_view from) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < from.size() && at < 4; ++at) {
    size |= static_cast<std::size_t>(from[at] & 0x7f) << (7 * at);
    if ((from[at] & continues) != 0) continue;
    if (from.size() - at - 1 < size) break;
    return from.subspan(at + 1 + size);
  }
  throw bench_error("a packet shorter than its properties received");
}

publish_view parse_publish(const packet_view& packet, protocol version) {
  publish_view view;
  view.qos = (packet.first >> 1) & 3;
  view.retain = (packet.first & 1) != 0;
  view.dup = (packet.first & 8) != 0;
  const std::size_t id_size = view.qos == 0 ? 0 : 2;
  if (packet.body.size() < 2) throw bench_error("PUBLISH without a topic received");
  const std::size_t topic_size = read_u16(packet.body, 0);
  if (packet.body.size() < 2 + topic_size + id_size) {
    throw bench_error("PUBLISH shorter than its topic received");
  }
  view.topic = packet.body.subspan(2, topic_size);
  if (id_size != 0) view.packet_id = read_u16(packet.body, 2 + topic_size);
  view.payload = packet.body.subspan(2 + topic_size + id_size);
  if (version == protocol::v5) view.payload = past_properties(view.payload);
  return view;
}

std::uint16_t parse_packet_id(const packet_view& packet) {
  if (packet.body.size() < 2) throw bench_error("acknowledgement without a packet id received");
  return read_u16(packet.body, 0);
}

void append_connect(octets& out, const connect_fields& fields) {
  const std::string_view name = fields.version == protocol::v31 ? "MQIsdp" : "MQTT";
  const std::size_t will_size =
      fields.will ? 2 + fields.will->topic.size() + 2 + fields.will->payload.size() : 0;
  unsigned flags = fields.clean == clean_session::yes ? 2 : 0;
  if (fields.will) flags |= 4U | static_cast<unsigned>(fields.will->qos << 3);
  const bool has_login = !fields.user.empty();
  if (has_login) flags |= 0xc0U;
  const std::size_t login_size =
      has_login ? 2 + fields.user.size() + 2 + fields.password.size() : 0;
  octets properties;
  if (fields.version == protocol::v5) {
    properties.assign({0});
    // The session outlives the connection: Session Expiry Interval, for ever.
    if (fields.clean == clean_session::no) properties = {5, 0x11, 0xff, 0xff, 0xff, 0xff};
  }
  const std::size_t will_properties = fields.will ? empty_properties(fields.version) : 0;
  append_header(out, first_octet(packet_type::connect),
                2 + name.size() + 1 + 1 + 2 + properties.size() + 2 + fields.client_id.size() +
                    will_properties + will_size + login_size);
  append_string(out, name);
  out.push_back(static_cast<std::uint8_t>(fields.version));
  out.push_back(low_octet(flags));
  append_u16(out, fields.keep_alive_s);
  out.insert(out.end(), properties.begin(), properties.end());
  append_string(out, fields.client_id);
  if (fields.will) {
    out.insert(out.end(), will_properties, 0);
    append_string(out, fields.will->topic);
    append_string(out, fields.will->payload);
  }
  if (!has_login) return;
  append_string(out, fields.user);
  append_string(out, fields.password);
}

void append_publish(octets& out, const publish_fields& fields) {
  const std::size_t id_size = fields.qos == 0 ? 0 : 2;
  const std::size_t property_size = empty_properties(fields.version);
  const std::size_t remaining =
      2 + fields.topic.size() + id_size + property_size + fields.payload.size();
  const auto flags = static_cast<unsigned>(fields.qos << 1) |
                     (fields.retain == retain_flag::set ? 1U : 0U) |
                     (fields.dup == dup_flag::set ? 8U : 0U);
  std::uint8_t header[largest_header + 2];
  std::size_t used = write_header(header, first_octet(packet_type::publish, flags), remaining);
  header[used++] = low_octet(fields.topic.size() >> 8);
  header[used++] = low_octet(fields.topic.size());

  // One growth and plain copies: this is the generator's hottest function.
  const std::size_t before = out.size();
  out.resize(before + used + remaining - 2);
  std::uint8_t* to = out.data() + before;
  std::memcpy(to, header, used);
  to += used;
  std::memcpy(to, fields.topic.data(), fields.topic.size());
  to += fields.topic.size();
  if (id_size != 0) {
    *to++ = low_octet(fields.packet_id >> 8U);
    *to++ = low_octet(fields.packet_id);
  }
  if (property_size != 0) *to++ = 0;
  if (!fields.payload.empty()) std::memcpy(to, fields.payload.data(), fields.payload.size());
}

void append_subscribe(octets& out, std::uint16_t packet_id, std::span<const std::string> filters,
                      std::uint8_t qos, protocol version) {
  std::size_t remaining = 2 + empty_properties(version);
  for (const std::string& filter : filters) remaining += 2 + filter.size() + 1;
  append_header(out, first_octet(packet_type::subscribe, 2), remaining);
  append_u16(out, packet_id);
  out.insert(out.end(), empty_properties(version), 0);
  for (const std::string& filter : filters) {
    append_string(out, filter);
    out.push_back(qos);
  }
}

void append_unsubscribe(octets& out, std::uint16_t packet_id, std::span<const std::string> filters,
                        protocol version) {
  std::size_t remaining = 2 + empty_properties(version);
  for (const std::string& filter : filters) remaining += 2 + filter.size();
  append_header(out, first_octet(packet_type::unsubscribe, 2), remaining);
  append_u16(out, packet_id);
  out.insert(out.end(), empty_properties(version), 0);
  for (const std::string& filter : filters) append_string(out, filter);
}

void append_acknowledgement(octets& out, packet_type type, std::uint16_t packet_id) {
  const std::uint8_t packet[] = {first_octet(type, type == packet_type::pubrel ? 2 : 0), 2,
                                 low_octet(packet_id >> 8U), low_octet(packet_id)};
  out.insert(out.end(), std::begin(packet), std::end(packet));
}

void append_bare(octets& out, packet_type type) {
  out.push_back(first_octet(type));
  out.push_back(0);
}

}  // namespace godwit::bench
