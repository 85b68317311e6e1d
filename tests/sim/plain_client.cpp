#include "plain_client.hpp"

#include "support/packets.hpp"
#include "support/test_client.hpp"

#include <godwit/mqtt/decode.hpp>

namespace godwit::sim {

plain_client::plain_client(context& c, std::shared_ptr<link> l) : context_{c}, link_{std::move(l)} {
  test::connect_options o;
  o.client_id = link_->name();
  link_->send(test::connect_packet(o));
}

void plain_client::subscribe_to_all() {
  ++unanswered_;
  link_->send(test::subscribe_packet(++last_id_, {{"#", test::qos1}}));
}

void plain_client::clear(const std::string& topic) {
  ++unanswered_;
  link_->send(test::publish_packet(
      topic, "", {.quality = test::qos1, .id = ++last_id_, .retain = true, .dup = false}));
}

void plain_client::disconnect() {
  link_->client.sent_disconnect = true;
  link_->send(test::disconnect_packet());
  link_->close();
}

void plain_client::on_bytes(const link& from, base::bytes_view bytes) {
  if (&from != link_.get()) return;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  while (true) {
    const auto f = mqtt::next_frame(input_, test::v311, mqtt::frame_source::server,
                                    mqtt::remaining_length_max);
    if (!f) return context_.fail(link_->name() + ": the broker sent no packet");
    if (!f->has_value()) return;
    mqtt::frame whole = **f;
    whole.from = mqtt::sender::server;
    const auto p = mqtt::decode(whole, test::v311);
    if (!p) return context_.fail(link_->name() + ": cannot decode a packet");
    context_.note(link_->name() + " <- " + test::test_client::describe(*p));
    on_packet(*p);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole.size));
  }
}

void plain_client::on_packet(const mqtt::packet_view& p) {
  if (const auto* publish = std::get_if<mqtt::publish_view>(&p)) {
    if (publish->retain) {
      retained_[std::string{publish->topic}] = std::string{base::as_text(publish->payload)};
    }
    if (publish->quality != test::qos0) {
      link_->send(test::ack_packet(mqtt::packet_type::puback, publish->id.value()));
    }
  } else if (std::holds_alternative<mqtt::ack_view>(p) ||
             std::holds_alternative<mqtt::suback_view>(p)) {
    --unanswered_;
  }
}

}  // namespace godwit::sim
