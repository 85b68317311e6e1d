#include "client.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

namespace godwit::bench {
namespace {

constexpr std::size_t filters_per_subscribe = 200;
constexpr std::uint16_t subscribe_id = 1;

std::string_view name_of(client::stage stage) {
  switch (stage) {
    case client::stage::closed:
      return "closed";
    case client::stage::connecting:
      return "waiting for TCP";
    case client::stage::logging_in:
      return "waiting for CONNACK";
    case client::stage::subscribing:
      return "waiting for SUBACK";
    case client::stage::ready:
      return "ready";
    case client::stage::leaving:
      return "leaving";
  }
  return "?";
}

}  // namespace

client::client(event_loop& loop, client_settings settings)
    : connection{loop}, settings_{std::move(settings)} {}

void client::start() {
  stage_ = stage::connecting;
  subscribed_ = 0;
  pinging_ = false;
  open(settings_.server, settings_.source);
}

void client::leave() {
  append_bare(output(), packet_type::disconnect);
  stage_ = stage::leaving;
}

void client::leave_at_once() {
  if (!is_open()) return;
  leave();
  flush();
  close();
  stage_ = stage::closed;
}

void client::ping() {
  append_bare(output(), packet_type::pingreq);
  pinging_ = true;
}

void client::on_connected() {
  append_connect(output(), {.client_id = settings_.id,
                            .version = settings_.version,
                            .clean = settings_.clean,
                            .keep_alive_s = settings_.keep_alive_s,
                            .user = settings_.user,
                            .password = settings_.password});
  stage_ = stage::logging_in;
}

void client::on_packet(const packet_view& packet, instant now) {
  switch (packet.type()) {
    case packet_type::connack:
      return on_connack(packet);
    case packet_type::suback:
      return on_suback(packet);
    case packet_type::pingresp:
      pinging_ = false;
      return;
    default:
      return on_application_packet(packet, now);
  }
}

void client::on_closed(const std::string& reason) {
  const stage before = std::exchange(stage_, stage::closed);
  if (before == stage::leaving) return;
  if (settings_.may_be_turned_away && before != stage::ready) {
    ++attempts_lost_;
    return;
  }
  throw bench_error("client " + settings_.id + " lost its connection while " +
                    std::string{name_of(before)} + ": " + reason);
}

void client::on_connack(const packet_view& packet) {
  const bool is_five = settings_.version == protocol::v5;
  const std::size_t size = packet.body.size();
  if (stage_ != stage::logging_in || (is_five ? size < 3 : size != 2)) {
    throw bench_error("client " + settings_.id + ": CONNACK out of place or malformed");
  }
  if (packet.body[1] != 0) {
    throw bench_error("client " + settings_.id + " was refused, CONNACK code " +
                      std::to_string(packet.body[1]));
  }
  session_present_ = packet.body[0] == 1;
  stage_ = stage::subscribing;
  subscribe_next();
}

void client::subscribe_next() {
  const std::size_t left = settings_.filters.size() - subscribed_;
  if (left == 0) {
    stage_ = stage::ready;
    return;
  }
  asked_ = std::min(left, filters_per_subscribe);
  append_subscribe(output(), subscribe_id,
                   std::span{settings_.filters}.subspan(subscribed_, asked_), settings_.qos,
                   settings_.version);
}

void client::on_suback(const packet_view& packet) {
  const bool in_place = stage_ == stage::subscribing && parse_packet_id(packet) == subscribe_id;
  octet_view codes = packet.body.subspan(2);
  if (settings_.version == protocol::v5) codes = past_properties(codes);
  const bool expected = in_place && codes.size() == asked_;
  if (!expected) throw bench_error("client " + settings_.id + ": SUBACK out of place");
  for (const std::uint8_t granted : codes) {
    if (granted != settings_.qos) {
      throw bench_error("client " + settings_.id + ": subscription with QoS " +
                        std::to_string(settings_.qos) + " got " + std::to_string(granted));
    }
  }
  subscribed_ += asked_;
  subscribe_next();
}

void client::on_application_packet(const packet_view& packet, instant) {
  throw bench_error("client " + settings_.id + ": unexpected packet type " +
                    std::to_string(packet.first >> 4));
}

void subscriber::on_application_packet(const packet_view& packet, instant now) {
  if (packet.type() == packet_type::publish) {
    const publish_view message = parse_publish(packet, settings().version);
    sink_.on_message(index_, message, now);
    if (message.qos == 0) return;
    append_acknowledgement(output(), message.qos == 1 ? packet_type::puback : packet_type::pubrec,
                           message.packet_id);
  } else if (packet.type() == packet_type::pubrel) {
    append_acknowledgement(output(), packet_type::pubcomp, parse_packet_id(packet));
  } else {
    client::on_application_packet(packet, now);
  }
}

publisher::publisher(event_loop& loop, client_settings settings, std::uint16_t window)
    : client{loop, std::move(settings)},
      slots_(std::bit_ceil(std::size_t{window} + 1)),
      window_{window} {}

std::size_t publisher::room() const {
  // A broker that acknowledges out of order may still hold the slot of the next id.
  const slot& next = slots_[next_id_ & (slots_.size() - 1)];
  return next.awaits != packet_type::publish ? 0 : window_ - unacknowledged_;
}

void publisher::publish(publish_fields fields) {
  if (fields.qos > 0) {
    fields.packet_id = next_id_;
    slot_of(next_id_) = {.packet_id = next_id_,
                         .awaits = fields.qos == 1 ? packet_type::puback : packet_type::pubrec,
                         .sent = latencies_ != nullptr ? steady_clock::now() : instant{}};
    next_id_ = next_id_ == 0xffff ? std::uint16_t{1} : static_cast<std::uint16_t>(next_id_ + 1);
    ++unacknowledged_;
  }
  fields.version = settings().version;
  append_publish(output(), fields);
}

void publisher::on_application_packet(const packet_view& packet, instant now) {
  const packet_type type = packet.type();
  if (type != packet_type::puback && type != packet_type::pubrec && type != packet_type::pubcomp) {
    return client::on_application_packet(packet, now);
  }
  const std::uint16_t id = parse_packet_id(packet);
  slot& at = slot_of(id);
  if (at.packet_id != id || at.awaits != type) {
    throw bench_error("client " + settings().id + ": acknowledgement of type " +
                      std::to_string(static_cast<int>(type)) + " for packet id " +
                      std::to_string(id) + ", which does not await it");
  }
  if (latencies_ != nullptr && type != packet_type::pubcomp) latencies_->record(now - at.sent);
  if (type == packet_type::pubrec) {
    at.awaits = packet_type::pubcomp;
    append_acknowledgement(output(), packet_type::pubrel, id);
  } else {
    at.awaits = packet_type::publish;
    --unacknowledged_;
  }
}

void start_all(event_loop& loop, std::span<client* const> clients, std::size_t at_once,
               nanoseconds timeout) {
  std::size_t started = 0;
  std::size_t ready = 0;  // all before this one are
  instant progress = steady_clock::now();
  std::vector<client*> waiting;
  while (ready < clients.size()) {
    for (; started < clients.size() && waiting.size() < at_once; ++started) {
      clients[started]->start();
      waiting.push_back(clients[started]);
    }
    loop.turn(std::chrono::milliseconds{100});
    const std::size_t done = std::erase_if(waiting, [](const client* c) { return c->is_ready(); });
    ready += done;
    const instant now = steady_clock::now();
    if (done != 0) progress = now;
    if (now - progress > timeout) {
      throw bench_error(std::to_string(ready) + " of " + std::to_string(clients.size()) +
                        " clients came up, then nothing happened; the next one is " +
                        std::string{name_of(waiting.front()->at())});
    }
  }
}

void ping_all(event_loop& loop, std::span<client* const> clients, nanoseconds timeout) {
  for (client* c : clients) c->ping();
  instant progress = steady_clock::now();
  for (client* c : clients) {
    while (!c->is_answered()) {
      loop.turn(std::chrono::milliseconds{100});
      if (steady_clock::now() - progress > timeout) {
        throw bench_error("client " + c->settings().id + " got no answer to its ping");
      }
    }
    progress = steady_clock::now();
  }
}

}  // namespace godwit::bench
