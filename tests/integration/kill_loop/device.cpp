#include "device.hpp"

#include <algorithm>

namespace godwit::kill_loop {

using bench::packet_type;

device::device(bench::event_loop& loop, ledgers& all, device_plan plan, std::unique_ptr<habit> how,
               dice luck)
    : connection{loop},
      all_{all},
      plan_{std::move(plan)},
      habit_{std::move(how)},
      luck_{luck},
      session_{all.messages.add_session(plan_.client_id)},
      out_{all, plan_.client_id, plan_.window},
      wanted_{plan_.filters} {}

void device::connect(clean_session clean) {
  if (!server_ || link_ != link::down) return;
  clean_ = clean;
  will_.reset();
  link_ = link::connecting;
  open(*server_, static_cast<std::uint32_t>(session_ % 16));
}

void device::connect_with_will(clean_session clean, std::string topic, std::uint8_t qos) {
  connect(clean);
  if (link_ != link::connecting) return;
  will_topic_ = std::move(topic);
  will_qos_ = qos;
  will_ = all_.wills.new_will(will_topic_, will_qos_);
}

void device::disconnect() {
  if (link_ != link::up) return cut();
  bench::append_bare(output(), packet_type::disconnect);
  flush();
  if (will_) is_blocked() ? all_.wills.on_cut(*will_) : all_.wills.on_disconnect_sent(*will_);
  close();
  go_down(departure::disconnect);
}

void device::cut() {
  if (link_ == link::down) return;
  if (will_) all_.wills.on_cut(*will_);
  close();
  go_down(departure::cut);
}

void device::want(std::vector<std::string> filters) {
  wanted_ = std::move(filters);
}

void device::tick(bench::instant now, season s, const std::optional<sockaddr_in>& server) {
  server_ = server;
  habit_->tick(*this, now, s, server.has_value());
  if (link_ != link::up) return;
  if (!held_answers_.empty() && (s != season::load || luck_.chance(10))) {
    for (const auto& [type, id] : held_answers_) bench::append_acknowledgement(output(), type, id);
    held_answers_.clear();
  }
  reconcile();
}

bool device::is_at_rest() {
  return habit_->is_at_rest(*this);
}

bool device::is_settled() {
  const auto is_certain = [&](const std::string& filter) {
    const subscription* s = book().find(filter);
    return s != nullptr && s->certain != never;
  };
  return is_finished() && std::ranges::all_of(wanted_, is_certain);
}

void device::on_connected() {
  book().on_connect_sent(clean_);
  has_connect_out_ = true;
  const std::string will_payload = will_ ? all_.wills.payload_of(*will_) : std::string{};
  bench::connect_fields fields{
      .client_id = plan_.client_id, .version = plan_.version, .clean = clean_};
  if (will_) {
    fields.will =
        bench::will_fields{.topic = will_topic_, .payload = will_payload, .qos = will_qos_};
  }
  bench::append_connect(output(), fields);
  link_ = link::logging_in;
}

void device::on_packet(const bench::packet_view& packet, bench::instant now) {
  if ((packet.type() == packet_type::connack) != (link_ == link::logging_in)) {
    all_.found.add(finding::bad_protocol, plan_.client_id + ": CONNACK out of place");
    return cut();
  }
  switch (packet.type()) {
    case packet_type::connack:
      return on_connack(packet, now);
    case packet_type::publish:
      return on_publish(packet);
    case packet_type::pubrel:
      return on_pubrel(bench::parse_packet_id(packet));
    case packet_type::puback:
    case packet_type::pubrec:
    case packet_type::pubcomp:
      return out_.on_answer(output(), packet.type(), bench::parse_packet_id(packet));
    case packet_type::suback:
    case packet_type::unsuback:
      return on_operation_answered(packet);
    default:
      all_.found.add(finding::bad_protocol,
                     plan_.client_id + ": a packet of type " + std::to_string(packet.first >> 4));
  }
}

void device::on_connack(const bench::packet_view& packet, bench::instant now) {
  using present_flag = session_book::present_flag;
  if (packet.body.size() != 2 || packet.body[1] != 0) {
    all_.found.add(finding::refused, plan_.client_id + ": CONNACK says no");
    return cut();
  }
  present_flag present = packet.body[0] == 1 ? present_flag::set : present_flag::clear;
  if (plan_.version == bench::protocol::v31) present = present_flag::not_told;
  has_connect_out_ = false;
  const bool is_over = clean_ == clean_session::yes;
  const bool is_new = present == present_flag::clear;
  if (is_over) all_.messages.on_session_over(session_);
  if (!is_over && is_new && book().exists() == session_book::existence::yes) {
    all_.messages.on_session_lost(session_);
  }
  const session_book::verdict what = book().on_connack(clean_, present);
  if (what == session_book::verdict::lost) {
    all_.found.add(finding::session_lost, plan_.client_id + ": its session is not present");
  }
  if (what == session_book::verdict::revived) {
    all_.found.add(finding::session_revived, plan_.client_id + ": it has a session again");
  }
  if (is_over || is_new) reset_session();
  if (what == session_book::verdict::lost) out_.on_session_lost();
  link_ = link::up;
  if (last_will_) all_.wills.on_succeeded(*last_will_);
  last_will_ = will_;
  if (will_) all_.wills.on_stored(*will_);
  out_.resend(output());
  if (operation_) send_operation();
  habit_->on_up(*this, now);
}

void device::reset_session() {
  known_ids_.clear();
  operation_.reset();
}

void device::on_publish(const bench::packet_view& packet) {
  const bench::publish_view p = parse_publish(packet);
  const auto text = [](bench::octet_view bytes) { return std::string(bytes.begin(), bytes.end()); };
  const std::string topic = text(p.topic);
  const std::string payload = text(p.payload);
  const bool is_known = p.qos == 2 && !known_ids_.insert(p.packet_id).second;
  const arrival a{.topic = topic,
                  .payload = payload,
                  .qos = p.qos,
                  .retain = p.retain,
                  .dup = p.dup,
                  .repeated = is_known};
  if (will_book::is_will(payload)) {
    all_.wills.on_arrival(session_, a);
  } else {
    all_.messages.on_arrival(session_, a);
  }
  if (p.qos == 1) acknowledge(packet_type::puback, p.packet_id);
  if (p.qos == 2) acknowledge(packet_type::pubrec, p.packet_id);
}

void device::on_pubrel(std::uint16_t packet_id) {
  known_ids_.erase(packet_id);
  acknowledge(packet_type::pubcomp, packet_id);
}

void device::acknowledge(packet_type type, std::uint16_t packet_id) {
  if (plan_.is_lazy) {
    held_answers_.emplace_back(type, packet_id);
  } else {
    bench::append_acknowledgement(output(), type, packet_id);
  }
}

/// Brings the subscriptions nearer to what is wanted, one operation at a time.
void device::reconcile() {
  if (operation_ || clean_ == clean_session::yes) return;
  operation next;
  for (const std::string& filter : wanted_) {
    const subscription* s = book().find(filter);
    if (s == nullptr || s->certain == never) next.filters.push_back(filter);
  }
  if (next.filters.empty()) {
    next.type = packet_type::unsubscribe;
    for (const subscription& s : book().subscriptions()) {
      const bool is_wanted = std::ranges::find(wanted_, s.filter) != wanted_.end();
      if (s.gone == never && !is_wanted) next.filters.push_back(s.filter);
    }
  }
  if (next.filters.empty()) return;
  operation_ = std::move(next);
  send_operation();
}

void device::send_operation() {
  constexpr std::uint16_t operation_id = 0xfff0;
  const stamp now = all_.messages.mark();
  if (operation_->type == packet_type::subscribe) {
    for (const std::string& f : operation_->filters) book().on_subscribe_sent(f, plan_.qos, now);
    bench::append_subscribe(output(), operation_id, operation_->filters, plan_.qos);
  } else {
    for (const std::string& f : operation_->filters) book().on_unsubscribe_sent(f);
    bench::append_unsubscribe(output(), operation_id, operation_->filters);
  }
}

void device::on_operation_answered(const bench::packet_view& packet) {
  const bool is_suback = packet.type() == packet_type::suback;
  if (!operation_ || is_suback != (operation_->type == packet_type::subscribe)) {
    all_.found.add(finding::bad_protocol, plan_.client_id + ": SUBACK or UNSUBACK out of place");
    return;
  }
  const stamp now = all_.messages.mark();
  for (std::size_t i = 0; i < operation_->filters.size(); ++i) {
    const std::string& filter = operation_->filters[i];
    if (!is_suback) {
      book().on_unsuback(filter, now);
    } else if (2 + i < packet.body.size() && packet.body[2 + i] == plan_.qos) {
      book().on_suback(filter, now);
    } else {
      all_.found.add(finding::refused, plan_.client_id + ": SUBACK says no to " + filter);
    }
  }
  operation_.reset();
}

void device::on_closed(const std::string& reason) {
  if (all_.is_broker_up && link_ >= link::logging_in) {
    all_.found.add(finding::bad_protocol, plan_.client_id + " lost its connection: " + reason);
  }
  go_down(departure::by_broker);
}

void device::go_down(departure how) {
  if (std::exchange(has_connect_out_, false)) book().on_unanswered(clean_);
  link_ = link::down;
  held_answers_.clear();
  habit_->on_down(*this, bench::steady_clock::now(), how);
}

}  // namespace godwit::kill_loop
