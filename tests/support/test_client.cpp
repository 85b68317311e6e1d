#include "support/test_client.hpp"

#include "support/client_state.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/frame_reader.hpp>

namespace godwit::test {
namespace {

using mqtt::packet_type;

std::optional<mqtt::frame> frame_of(base::bytes_view bytes, protocol_version v,
                                    mqtt::frame_source source) {
  const auto f = mqtt::next_frame(bytes, v, source, mqtt::remaining_length_max);
  return f ? *f : std::nullopt;
}

mqtt::packet_view decoded(const base::bytes& packet, protocol_version v) {
  auto f = frame_of(packet, v, mqtt::frame_source::server);
  GODWIT_ASSERT(f.has_value());
  f->from = mqtt::sender::server;
  const auto p = mqtt::decode(*f, v);
  if (!p) {
    ADD_FAILURE() << "the broker sent what cannot be decoded (" << p.error().what
                  << "): " << to_hex(packet);
    return mqtt::auth_view{};
  }
  return *p;
}

bool is_ack(const mqtt::packet_view& p, packet_type type, std::uint16_t id) {
  const auto* const ack = std::get_if<mqtt::ack_view>(&p);
  return ack != nullptr && ack->type == type && ack->id.value() == id;
}

bool is_suback(const mqtt::packet_view& p, packet_type type, std::uint16_t id) {
  const auto* const ack = std::get_if<mqtt::suback_view>(&p);
  return ack != nullptr && ack->type == type && ack->id.value() == id;
}

const char* name_of(packet_type type) {
  switch (type) {
    case packet_type::connect:
      return "CONNECT";
    case packet_type::connack:
      return "CONNACK";
    case packet_type::publish:
      return "PUBLISH";
    case packet_type::puback:
      return "PUBACK";
    case packet_type::pubrec:
      return "PUBREC";
    case packet_type::pubrel:
      return "PUBREL";
    case packet_type::pubcomp:
      return "PUBCOMP";
    case packet_type::subscribe:
      return "SUBSCRIBE";
    case packet_type::suback:
      return "SUBACK";
    case packet_type::unsubscribe:
      return "UNSUBSCRIBE";
    case packet_type::unsuback:
      return "UNSUBACK";
    case packet_type::pingreq:
      return "PINGREQ";
    case packet_type::pingresp:
      return "PINGRESP";
    case packet_type::disconnect:
      return "DISCONNECT";
    case packet_type::auth:
      return "AUTH";
  }
  return "?";
}

struct describer {
  std::string operator()(const mqtt::connack_view& p) const {
    return "CONNACK " + std::to_string(p.code) + (p.session_present ? " present" : "");
  }
  std::string operator()(const mqtt::publish_view& p) const {
    return "PUBLISH qos " + std::to_string(static_cast<int>(p.quality)) + " id " +
           std::to_string(p.id.value()) + (p.dup ? " dup" : "") + (p.retain ? " retain" : "") +
           " '" + std::string{p.topic} + "' '" +
           std::string{base::as_text(p.payload).substr(0, 64)} + "'";
  }
  std::string operator()(const mqtt::ack_view& p) const {
    return std::string{name_of(p.type)} + " id " + std::to_string(p.id.value());
  }
  std::string operator()(const mqtt::suback_view& p) const {
    return std::string{name_of(p.type)} + " id " + std::to_string(p.id.value()) + " codes " +
           to_hex(p.codes);
  }
  std::string operator()(const mqtt::connect_view&) const { return "CONNECT"; }
  std::string operator()(const mqtt::subscribe_view&) const { return "SUBSCRIBE"; }
  std::string operator()(const mqtt::unsubscribe_view&) const { return "UNSUBSCRIBE"; }
  std::string operator()(const mqtt::pingreq_view&) const { return "PINGREQ"; }
  std::string operator()(const mqtt::pingresp_view&) const { return "PINGRESP"; }
  std::string operator()(const mqtt::disconnect_view&) const { return "DISCONNECT"; }
  std::string operator()(const mqtt::auth_view&) const { return "AUTH"; }
};

}  // namespace

void client_state::read() {
  if (!stalled) {
    received.insert(received.end(), wire->to_client.begin(), wire->to_client.end());
    wire->to_client.clear();
  }
  while (parsed < received.size()) {
    const base::bytes_view rest = base::bytes_view{received}.subspan(parsed);
    const auto f =
        mqtt::next_frame(rest, version, mqtt::frame_source::server, mqtt::remaining_length_max);
    if (!f) {
      ADD_FAILURE() << client_id << ": the broker sent no packet (" << f.error().what
                    << "): " << to_hex(rest);
      parsed = received.size();
      return;
    }
    if (!f->has_value()) return;
    const base::bytes_view packet = rest.first((*f)->size);
    inbox.push_back(&packets.emplace_back(packet.begin(), packet.end()));
    parsed += packet.size();
  }
}

void test_client::send(base::bytes_view bytes) {
  client_state& s = *state_;
  if (!s.version_known) {
    // The answers are read by the version that the CONNECT names.
    const auto f = frame_of(bytes, v311, mqtt::frame_source::client_before_connect);
    if (const auto v = f ? mqtt::connect_version(*f) : std::nullopt) {
      s.version = *v;
      s.version_known = true;
    }
  }
  if (s.wire->broken || s.wire->broker_closed || s.wire->client_closed) return;
  s.wire->to_broker.insert(s.wire->to_broker.end(), bytes.begin(), bytes.end());
}

void test_client::send_packet(const mqtt::packet_view& p) {
  base::bytes out;
  mqtt::encode(p, state_->version, out);
  send(out);
}

void test_client::close() {
  state_->wire->client_closed = true;
}
void test_client::reset() {
  state_->wire->break_now();
}

void test_client::stall(std::size_t window) {
  state_->run();
  state_->stalled = true;
  state_->wire->capacity = window;
}

void test_client::resume() {
  state_->stalled = false;
  state_->wire->capacity = memory_wire::unlimited;
  state_->run();
}

base::bytes test_client::received() {
  state_->run();
  return state_->received;
}

bool test_client::closed() {
  state_->run();
  const memory_wire& w = *state_->wire;
  return w.broken || (w.broker_closed && w.to_client.empty());
}

bool test_client::quiet() {
  state_->run();
  return state_->inbox.empty();
}

std::optional<mqtt::packet_view> test_client::take_first(
    const std::function<bool(const mqtt::packet_view&)>& wanted) {
  state_->run();
  std::deque<const base::bytes*>& inbox = state_->inbox;
  for (auto at = inbox.begin(); at != inbox.end(); ++at) {
    const mqtt::packet_view p = decoded(**at, state_->version);
    if (!wanted(p)) continue;
    state_->last = *at;
    inbox.erase(at);
    return p;
  }
  return std::nullopt;
}

std::optional<mqtt::packet_view> test_client::next_packet() {
  return take_first([](const mqtt::packet_view&) { return true; });
}

std::vector<mqtt::packet_view> test_client::all_packets() {
  std::vector<mqtt::packet_view> all;
  while (auto p = next_packet()) all.push_back(*p);
  return all;
}

base::bytes test_client::last_bytes() const {
  return state_->last != nullptr ? *state_->last : base::bytes{};
}

void test_client::expect_ack(packet_type type, std::uint16_t id) {
  const auto p = next_packet();
  EXPECT_TRUE(p && (is_ack(*p, type, id) || is_suback(*p, type, id)))
      << client_id() << ": expected " << name_of(type) << " id " << id << ", got " << describe(p);
}

mqtt::publish_view test_client::expect_publish(std::string_view topic, std::string_view payload) {
  const auto p = expect<mqtt::publish_view>("PUBLISH");
  EXPECT_EQ(p.topic, topic) << client_id();
  EXPECT_EQ(base::as_text(p.payload), payload) << client_id();
  return p;
}

void test_client::expect_nothing() {
  const auto p = next_packet();
  EXPECT_FALSE(p) << client_id() << ": expected nothing, got " << describe(p);
  EXPECT_FALSE(closed()) << client_id() << ": the connection was closed";
}

void test_client::expect_closed() {
  EXPECT_TRUE(closed()) << client_id() << ": the connection is still open";
  const auto p = next_packet();
  EXPECT_FALSE(p) << client_id() << ": before the end came " << describe(p);
}

bool test_client::take_ack(packet_type type, std::uint16_t id) {
  const auto p = take_first([&](const mqtt::packet_view& one) {
    return is_ack(one, type, id) || is_suback(one, type, id);
  });
  EXPECT_TRUE(p) << client_id() << ": " << name_of(type) << " id " << id << " did not come";
  return p.has_value();
}

mqtt::connack_view test_client::connect(const connect_options& o) {
  state_->client_id = o.client_id;
  state_->version = o.version;
  state_->version_known = true;
  send(connect_packet(o));
  return expect<mqtt::connack_view>("CONNACK");
}

mqtt::suback_view test_client::subscribe(const std::vector<filter_request>& filters) {
  const std::uint16_t id = next_id();
  send(subscribe_packet(id, filters, version()));
  const auto p = take_first(
      [&](const mqtt::packet_view& one) { return is_suback(one, packet_type::suback, id); });
  EXPECT_TRUE(p) << client_id() << ": SUBACK did not come";
  return p ? std::get<mqtt::suback_view>(*p) : mqtt::suback_view{};
}

mqtt::suback_view test_client::subscribe(std::string_view filter, mqtt::qos quality) {
  return subscribe({{.filter = std::string{filter}, .quality = quality}});
}

void test_client::unsubscribe(const std::vector<std::string>& filters) {
  const std::uint16_t id = next_id();
  send(unsubscribe_packet(id, filters, version()));
  take_ack(packet_type::unsuback, id);
}

std::uint16_t test_client::send_publish(std::string_view topic, std::string_view payload,
                                        mqtt::qos quality, bool retain) {
  const std::uint16_t id = quality == qos0 ? std::uint16_t{0} : next_id();
  send(publish_packet(topic, payload, {.quality = quality, .id = id, .retain = retain}, version()));
  return id;
}

std::uint16_t test_client::publish(std::string_view topic, std::string_view payload,
                                   mqtt::qos quality, bool retain) {
  const std::uint16_t id = send_publish(topic, payload, quality, retain);
  if (quality == qos0) state_->run();
  if (quality == qos1) take_ack(packet_type::puback, id);
  if (quality == qos2 && take_ack(packet_type::pubrec, id)) {
    send_ack(packet_type::pubrel, id);
    take_ack(packet_type::pubcomp, id);
  }
  return id;
}

void test_client::send_ack(packet_type type, std::uint16_t id) {
  send(ack_packet(type, id, version()));
}

void test_client::acknowledge(const mqtt::publish_view& p) {
  const std::uint16_t id = p.id.value();
  if (p.quality == qos1) send_ack(packet_type::puback, id);
  if (p.quality == qos2) {
    send_ack(packet_type::pubrec, id);
    take_ack(packet_type::pubrel, id);
    send_ack(packet_type::pubcomp, id);
  }
  state_->run();
}

mqtt::publish_view test_client::receive() {
  const auto p = expect<mqtt::publish_view>("PUBLISH");
  acknowledge(p);
  return p;
}

std::vector<std::string> test_client::receive_all() {
  std::vector<std::string> payloads;
  const auto is_publish = [](const mqtt::packet_view& p) {
    return std::holds_alternative<mqtt::publish_view>(p);
  };
  while (const auto p = take_first(is_publish)) {
    const auto& publish = std::get<mqtt::publish_view>(*p);
    payloads.emplace_back(base::as_text(publish.payload));
    acknowledge(publish);
  }
  return payloads;
}

void test_client::ping() {
  send(pingreq_packet());
  const auto p = take_first([](const mqtt::packet_view& one) {
    return std::holds_alternative<mqtt::pingresp_view>(one);
  });
  EXPECT_TRUE(p) << client_id() << ": PINGRESP did not come";
}

void test_client::disconnect() {
  send(disconnect_packet(version()));
  close();
  state_->run();
}

const std::string& test_client::client_id() const {
  return state_->client_id;
}
protocol_version test_client::version() const {
  return state_->version;
}
std::size_t test_client::accepted_on() const {
  return state_->shard;
}

std::uint16_t test_client::next_id() {
  if (++state_->last_id == 0) state_->last_id = 1;
  return state_->last_id;
}

std::string test_client::describe(const std::optional<mqtt::packet_view>& p) {
  return p ? std::visit(describer{}, *p) : "nothing";
}

}  // namespace godwit::test
