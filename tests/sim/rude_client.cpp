#include "rude_client.hpp"

#include "support/packets.hpp"

namespace godwit::sim {

using test::hex;

rude_client::rude_client(context& c, std::size_t number, dial connect)
    : context_{c}, name_{"rude-" + std::to_string(number)}, dial_{std::move(connect)} {}

base::bytes rude_client::anything() {
  const auto id = static_cast<std::uint16_t>(1 + context_.below(4));
  switch (context_.below(14)) {
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
      return hex("20 02 00 00");  // a server's packet
    case 6:
      return hex("c0 80 80 80 80 01");  // five length bytes
    case 7:
      return hex("30 04 00 02 c3 28");  // no UTF-8
    case 8:
      return hex("30 03 00 01 '#'");  // wildcard in a topic name
    case 9:
      return test::ack_packet(mqtt::packet_type::puback, id);
    case 10:
      return test::ack_packet(mqtt::packet_type::pubrec, id);
    case 11:
      return test::ack_packet(mqtt::packet_type::pubrel, id);
    case 12:
      return test::ack_packet(mqtt::packet_type::pubcomp, id);
    default: {
      base::bytes noise;
      for (std::size_t n = 1 + context_.below(30); n != 0; --n) {
        noise.push_back(static_cast<std::byte>(context_.below(256)));
      }
      return noise;
    }
  }
}

void rude_client::act() {
  if (link_ == nullptr || link_->is_over()) {
    const std::string name = name_ + '#' + std::to_string(++connections_);
    link_ = dial_(name);
    test::connect_options o;
    o.client_id = name_;
    o.clean = context_.chance(50);
    if (context_.chance(30)) o.will = test::will_options{"a/b", "rude will", test::qos1, false};
    if (!context_.chance(90)) return;
    context_.note(name + " CONNECT");
    link_->send(test::connect_packet(o));
    return;
  }
  switch (context_.below(8)) {
    case 0:
      link_->reset();
      return;
    case 1:
      link_->send(test::publish_packet("a/b", "rude", {.quality = test::qos1, .id = 7}));
      return;
    case 2:
      link_->send(test::subscribe_packet(9, {{"#", test::qos2}}));
      return;
    case 3:
      link_->stall(true);
      return;
    default: {
      const base::bytes bytes = anything();
      context_.note(link_->name() + " sends " + test::to_hex(bytes));
      link_->send(bytes);
      return;
    }
  }
}

void rude_client::leave() {
  if (link_ != nullptr && !link_->is_over()) link_->reset();
  link_.reset();
}

}  // namespace godwit::sim
