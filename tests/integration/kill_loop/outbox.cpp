#include "outbox.hpp"

#include <algorithm>

namespace godwit::kill_loop {

using bench::packet_type;

namespace {

constexpr std::uint16_t last_id = 0xff00;  // those above are for SUBSCRIBE and UNSUBSCRIBE

}  // namespace

void outbox::publish(bench::octets& out, const message& m) {
  const message_id id = all_.messages.new_message(m);
  flights_.push_back({.packet_id = next_id_,
                      .id = id,
                      .awaits = m.qos == 1 ? packet_type::puback : packet_type::pubrec});
  next_id_ = next_id_ == last_id ? std::uint16_t{1} : static_cast<std::uint16_t>(next_id_ + 1);
  if (m.retain) all_.retained.on_sent(m.topic, id, m.clears);
  send(out, flights_.back(), bench::dup_flag::clear);
}

void outbox::resend(bench::octets& out) {
  for (const flight& f : flights_) {
    if (f.awaits == packet_type::pubcomp) {
      bench::append_acknowledgement(out, packet_type::pubrel, f.packet_id);
    } else {
      send(out, f, bench::dup_flag::set);
    }
  }
}

void outbox::on_session_lost() {
  std::erase_if(flights_, [](const flight& f) { return f.awaits == packet_type::pubcomp; });
  for (const flight& f : flights_) all_.messages.on_unsure(f.id);
}

void outbox::send(bench::octets& out, const flight& f, bench::dup_flag dup) {
  const message m = all_.messages.at(f.id);
  const std::string payload = all_.messages.payload_of(f.id);
  all_.messages.on_sent(f.id);
  bench::append_publish(out,
                        {.topic = all_.messages.topics()[m.topic],
                         .payload = bench::octets(payload.begin(), payload.end()),
                         .packet_id = f.packet_id,
                         .qos = m.qos,
                         .retain = m.retain ? bench::retain_flag::set : bench::retain_flag::clear,
                         .dup = dup});
}

void outbox::on_acked(message_id m) {
  all_.messages.on_acked(m);
  const message& acked = all_.messages.at(m);
  if (acked.retain) all_.retained.on_acked(acked.topic, m);
}

void outbox::on_answer(bench::octets& out, packet_type type, std::uint16_t packet_id) {
  const auto f = std::ranges::find(flights_, packet_id, &flight::packet_id);
  if (f == flights_.end() || f->awaits != type) {
    all_.found.add(finding::bad_protocol, client_ + " got an acknowledgement of type " +
                                              std::to_string(static_cast<int>(type)) +
                                              " for packet id " + std::to_string(packet_id) +
                                              ", which does not await it");
    return;
  }
  if (type != packet_type::pubcomp) on_acked(f->id);
  if (type == packet_type::pubrec) {
    f->awaits = packet_type::pubcomp;
    bench::append_acknowledgement(out, packet_type::pubrel, packet_id);
  } else {
    flights_.erase(f);
  }
}

}  // namespace godwit::kill_loop
