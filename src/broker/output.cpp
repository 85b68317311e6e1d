#include "engine.hpp"

namespace godwit::broker {

namespace {

void encode(const answer& a, mqtt::protocol_version v, const mqtt::properties_view& properties,
            base::bytes& out) {
  switch (a.type) {
    case mqtt::packet_type::connack:
      mqtt::encode(mqtt::connack_view{a.session_present, a.code, properties}, v, out);
      break;
    case mqtt::packet_type::suback:
    case mqtt::packet_type::unsuback:
      mqtt::encode(mqtt::suback_view{a.type, a.id, a.codes(), properties}, v, out);
      break;
    default:
      mqtt::encode(mqtt::ack_view{a.type, a.id, static_cast<mqtt::reason_code>(a.code), properties},
                   v, out);
  }
}

}  // namespace

output_queue& shard_engine::output(connection_handle h, connection& c) {
  if (!c.output) {
    if (spare_outputs_.empty()) {
      c.output = std::make_unique<output_queue>();
    } else {
      c.output = std::move(spare_outputs_.back());
      spare_outputs_.pop_back();
    }
  }
  if (!c.is_flush_listed) {
    c.is_flush_listed = true;
    to_flush_.add(h);
  }
  return *c.output;
}

void shard_engine::count_sent(mqtt::packet_type type) noexcept {
  ports.counters.add_packet_sent(static_cast<std::size_t>(type));
}

/// Queues an answer behind those that are not out yet, or writes it at once when it need not wait.
void shard_engine::answer_now(connection_handle h, connection& c, answer a) {
  c.answers.push(std::move(a));
  send_answers(h, c);
}

void shard_engine::send_answers(connection_handle h, connection& c) {
  if (c.at == phase::closing) return;
  bool is_accepted = false;
  c.answers.drain([&](const answer& a) {
    is_accepted = is_accepted || a.type == mqtt::packet_type::connack;
    write_answer(h, c, a);
  });
  if (is_accepted) accepted(h, c);
  update_reading(h, c);
}

/// Writes one answer. Its reason is left out where it does not fit or is not wanted
/// [v5 MQTT-3.1.2-29] [v5 MQTT-3.4.2-2]; without that it must fit, or the client cannot be served
/// [v5 MQTT-3.1.2-24].
void shard_engine::write_answer(connection_handle h, connection& c, const answer& a) {
  base::bytes& out = output(h, c).bytes();
  if (!c.v5) {
    encode(a, c.version, mqtt::properties_view{}, out);
    count_sent(a.type);
    return;
  }
  v5_link& link = *c.v5;
  const std::size_t before = out.size();
  const bool is_over = [&] {
    const bool is_wanted = a.type == mqtt::packet_type::connack || link.wants_problem_information;
    if (a.what().empty() || !is_wanted) return true;
    composed_.clear();
    mqtt::properties_builder{composed_}.add(mqtt::property_id::reason_string, a.what());
    encode(a, c.version, mqtt::properties_view{composed_}, out);
    return out.size() - before > link.packet_bytes_max;
  }();
  if (is_over) {
    out.resize(before);
    encode(a, c.version, mqtt::properties_view{a.properties()}, out);
  }
  if (out.size() - before > link.packet_bytes_max) {
    out.resize(before);
    doom(h, {session::close_cause::packet_too_large,
             {mqtt::reason_code::packet_too_large, "v5 MQTT-3.1.2-24",
              "an answer does not fit into the client's Maximum Packet Size"}});
    return;
  }
  count_sent(a.type);
  if (a.type == mqtt::packet_type::puback) link.received.on_puback();
  if (a.type == mqtt::packet_type::pubcomp ||
      (a.type == mqtt::packet_type::pubrec &&
       mqtt::is_failure(static_cast<mqtt::reason_code>(a.code)))) {
    link.received.on_end(a.id);
  }
}

void shard_engine::flush_all() {
  to_flush_.take_each([this](connection_handle h) {
    connection* const c = connections_.find(h);
    if (c == nullptr) return;
    c->is_flush_listed = false;
    flush(h, *c);
  });
}

/// Its output waits: the time it may take begins, unless it has begun.
void shard_engine::time_stalled_reader(connection_handle h, connection& c) {
  const auto limit = options.limits.stalled_reader_timeout;
  if (c.is_stall_timed || c.at == phase::closing || limit.count() == 0) return;
  c.last_progress = now.steady;
  c.is_stall_timed = true;
  arm(now.steady + limit, timer_kind::stalled_reader, h.index, h.generation);
}

void shard_engine::flush(connection_handle h, connection& c) {
  constexpr std::size_t spare_max = 1'024;
  if (!c.output) return;
  if (!c.has_transport) {
    c.output.reset();
  } else if (!c.output->empty()) {
    c.output->gather(pieces_);
    const std::size_t before = c.output->size();
    const std::size_t taken = ports.connections.send(c.transport, pieces_);
    c.output->consume(taken);
    ports.counters.add(observe::counter::bytes_sent, taken);
    if (taken != 0) c.last_progress = now.steady;
    if (taken < before) time_stalled_reader(h, c);
    if (c.is_output_full && unsent(c) <= options.limits.output_bytes_max) go_on_pumping(c);
  }
  if (c.output && c.output->empty()) {
    c.output->reset();
    if (spare_outputs_.size() < spare_max) spare_outputs_.push_back(std::move(c.output));
    c.output.reset();
  }
  if (c.at == phase::closing && unsent(c) == 0) forget(h);
}

void shard_engine::on_writable(connection_token token) {
  const connection_handle h = handle_of(token);
  connection* const c = connections_.find(h);
  if (c == nullptr) return;
  if (c->output && !c->is_flush_listed) {
    c->is_flush_listed = true;
    to_flush_.add(h);
  }
  // With the output on its way, the session may go on.
  go_on_pumping(*c);
}

}  // namespace godwit::broker
