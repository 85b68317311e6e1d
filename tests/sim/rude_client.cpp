#include "rude_client.hpp"

#include "support/packets.hpp"

namespace godwit::sim {

using mqtt::packet_type;
using test::hex;

rude_client::rude_client(context& c, std::size_t number, dial connect)
    : context_{c}, name_{"rude-" + std::to_string(number)}, dial_{std::move(connect)} {}

void rude_client::act() {
  std::erase_if(links_, [](const auto& l) { return l->is_over(); });
  if (links_.empty() || (links_.size() < connections_max && context_.chance(15))) {
    call();
  } else {
    misbehave(*context_.one_of(links_));
  }
}

void rude_client::call() {
  const std::string name = name_ + '#' + std::to_string(++connections_);
  const std::shared_ptr<link> l = dial_(name);
  l->client.is_rude = true;
  links_.push_back(l);
  if (links_.size() > 1) context_.count(fault::shared_client_id);
  if (context_.chance(10)) {
    context_.count(fault::packet_before_connect);
    return l->send(anything());
  }
  if (context_.chance(15)) {
    context_.note(name + " CONNECT of MQTT 5");
    context_.count(fault::level_5_connect);
    l->send(connect_packet(mqtt::protocol_version::v5));
    if (context_.chance(50)) l->send(mqtt5_packet());
    return;
  }
  if (!context_.chance(90)) return;
  context_.note(name + " CONNECT");
  l->send(connect_packet(mqtt::protocol_version::v311));
}

base::bytes rude_client::connect_packet(mqtt::protocol_version v) {
  test::connect_options o;
  o.version = v;
  o.client_id = name_;
  o.clean = context_.chance(50);
  if (context_.chance(30)) o.will = test::will_options{"a/b", "rude will", test::qos1, false};
  return test::connect_packet(o);
}

void rude_client::misbehave(link& l) {
  switch (context_.below(10)) {
    case 0:
      l.reset();
      return;
    case 1:
      l.send(test::publish_packet("a/b", "rude", {.quality = test::qos1, .id = 7}));
      return;
    case 2:
      l.send(test::subscribe_packet(9, {{"#", test::qos2}}));
      return;
    case 3:
      l.stall(true);
      return;
    case 4:
      context_.count(fault::second_connect);
      l.send(connect_packet(mqtt::protocol_version::v311));
      return;
    case 5:
      context_.count(fault::mqtt5_packet);
      l.send(mqtt5_packet());
      return;
    default: {
      const base::bytes bytes = anything();
      context_.note(l.name() + " sends " + test::to_hex(bytes));
      l.send(bytes);
      return;
    }
  }
}

/// Right for MQTT 5, something else for 3.x.
base::bytes rude_client::mqtt5_packet() {
  constexpr auto v5 = mqtt::protocol_version::v5;
  switch (context_.below(5)) {
    case 0:
      return test::publish_packet("a/b", "rude", {.quality = test::qos1, .id = 3}, v5);
    case 1:
      return test::subscribe_packet(4, {{"#", test::qos1}}, v5);
    case 2:
      return test::unsubscribe_packet(5, {"#"}, v5);
    case 3:
      return hex("e0 02 04 00");  // DISCONNECT with will
    default:
      return hex("f0 02 18 00");  // AUTH
  }
}

base::bytes rude_client::anything() {
  const auto id = static_cast<std::uint16_t>(1 + context_.below(4));
  const std::size_t what = context_.below(14);
  if (what == 5) {
    context_.count(fault::packet_of_a_server);
  } else if (what < 9) {
    context_.count(fault::malformed_packet);
  } else if (what < 13) {
    context_.count(fault::unknown_acknowledgement);
  } else {
    context_.count(fault::noise);
  }
  switch (what) {
    case 0:
      return hex("00 00");  // reserved type
    case 1:
      return hex("f0 00");  // AUTH in 3.1.1
    case 2:
      return hex("30 02 00 00");  // empty topic
    case 3:
      return hex("36 05 00 01 'a' 00 01");  // QoS 3
    case 4:
      return hex("82 04 00 01 00 00");  // SUBSCRIBE to nothing
    case 5:
      return hex("20 02 00 00");
    case 6:
      return hex("c0 80 80 80 80 01");  // five length bytes
    case 7:
      return hex("30 04 00 02 c3 28");  // no UTF-8
    case 8:
      return hex("30 03 00 01 '#'");  // wildcard in a topic name
    case 9:
      return test::ack_packet(packet_type::puback, id);
    case 10:
      return test::ack_packet(packet_type::pubrec, id);
    case 11:
      return test::ack_packet(packet_type::pubrel, id);
    case 12:
      return test::ack_packet(packet_type::pubcomp, id);
    default: {
      base::bytes noise;
      for (std::size_t n = 1 + context_.below(30); n != 0; --n) {
        noise.push_back(static_cast<std::byte>(context_.below(256)));
      }
      return noise;
    }
  }
}

void rude_client::leave() {
  for (const auto& l : links_) {
    if (!l->is_over()) l->reset();
  }
  links_.clear();
}

}  // namespace godwit::sim
