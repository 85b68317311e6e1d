#pragma once

#include <godwit/mqtt/message.hpp>
#include <godwit/session/message_log.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::session::test {

using mqtt::packet_id;
using qos_level = mqtt::qos;
using std::chrono::milliseconds;

inline constexpr qos_level q0 = qos_level::at_most_once;
inline constexpr qos_level q1 = qos_level::at_least_once;
inline constexpr qos_level q2 = qos_level::exactly_once;
inline constexpr store::session_number persistent{7};
inline constexpr batch_number everything{std::numeric_limits<std::uint64_t>::max()};

[[nodiscard]] inline base::wall_time at_second(std::int64_t s) {
  return base::wall_time{std::chrono::seconds{s}};
}

/// The number is the payload's name in what the tests expect.
[[nodiscard]] inline base::ref<const mqtt::message> numbered(
    std::uint64_t number, base::wall_time arrival = at_second(1'000),
    std::optional<std::uint32_t> expiry_s = std::nullopt, std::string_view payload = "pp") {
  mqtt::message_fields f;
  f.number = mqtt::message_number{number};
  f.topic = "t";
  f.payload = base::as_bytes(payload);
  f.quality = q2;
  f.arrival = arrival;
  f.expiry_s = expiry_s;
  return mqtt::message::make(f);
}

/// One packet as text: "m3 q1 #2", "m3 q1 #2 dup", "rel #2".
[[nodiscard]] inline std::string text_of(const outgoing& o) {
  const std::string id = "#" + std::to_string(o.id.value());
  if (o.what == outgoing::kind::pubrel) return "rel " + id;
  std::string s = "m" + std::to_string(o.message->number().value()) + " q" +
                  std::to_string(static_cast<int>(o.quality));
  if (o.id.value() != 0) s += " " + id;
  if (o.dup) s += " dup";
  if (o.retain) s += " retain";
  return s;
}

/// Records as text: "enq 1 m3", "sent 1 #2", "rec 1", "rem 1", with "c9" if they name a commit.
[[nodiscard]] inline std::string text_of(const store::record& r) {
  const auto commit = [](mqtt::message_number n) {
    return n.value() == 0 ? std::string{} : " c" + std::to_string(n.value());
  };
  if (const auto* e = std::get_if<store::enqueued>(&r)) {
    return "enq " + std::to_string(e->position.value()) + " m" +
           std::to_string(e->message->number().value()) + commit(e->commit);
  }
  if (const auto* s = std::get_if<store::sent>(&r)) {
    return "sent " + std::to_string(s->position.value()) + " #" + std::to_string(s->id.value());
  }
  if (const auto* c = std::get_if<store::rec_received>(&r)) {
    return "rec " + std::to_string(c->position.value());
  }
  if (const auto* x = std::get_if<store::removed>(&r)) {
    return "rem " + std::to_string(x->position.value()) + commit(x->commit);
  }
  return "other";
}

/// A log with the recorder and the rules of its shard, and what it put on the wire.
struct wire_log {
  explicit wire_log(store::session_number session = {}) : log{session, &bodies} {}

  log_position add(std::uint64_t number, qos_level q, std::uint64_t commit = 0,
                   std::string_view share = {}) {
    return log.add({numbered(number), q, false, mqtt::message_number{commit}, share}, records);
  }
  /// What the log sends now.
  std::vector<std::string> pump() {
    std::vector<outgoing> out;
    too_old = log.pump(rules, records, out);
    std::vector<std::string> said;
    for (const outgoing& o : out) said.push_back(text_of(o));
    return said;
  }
  /// The open batch, submitted now.
  std::vector<std::string> submit() {
    std::vector<std::string> said;
    for (const store::record& r : records.take()) said.push_back(text_of(r));
    return said;
  }
  /// Everything that was written is safe.
  void make_durable() {
    rules.durable = records.open_batch();
    std::ignore = records.take();
  }
  auto puback(std::uint16_t id) { return log.on_puback(packet_id{id}, records); }
  auto pubrec(std::uint16_t id) { return log.on_pubrec(packet_id{id}, records); }
  auto pubcomp(std::uint16_t id) { return log.on_pubcomp(packet_id{id}, records); }

  recorder records;
  body_budget bodies;
  message_log log;
  message_log::pump_rules rules{
      .window = 100, .durable = {}, .oldest = base::wall_time::min(), .now = at_second(1'000)};
  tally too_old;
};

using outcome = message_log::ack_outcome;

}  // namespace godwit::session::test
