#pragma once

#include "bench/wire.hpp"
#include "ledgers.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::kill_loop {

/// The sending half of a client's session: a window of QoS 1 and 2 messages that outlives the
/// connection. [v311 MQTT-4.4.0-1]
class outbox {
 public:
  outbox(ledgers& all, std::string client, std::size_t window)
      : all_{all}, client_{std::move(client)}, window_{window} {}

  [[nodiscard]] bool has_room() const { return flights_.size() < window_; }
  [[nodiscard]] bool is_empty() const { return flights_.empty(); }

  /// has_room() must be true.
  void publish(bench::octets& out, const message& m);
  /// After a CONNACK: everything unfinished goes out again, in its order.
  void resend(bench::octets& out);
  /// The broker has no session: what it may have had of QoS 2 is unsure.
  void on_session_lost();

  /// PUBACK, PUBREC or PUBCOMP.
  void on_answer(bench::octets& out, bench::packet_type type, std::uint16_t packet_id);

 private:
  struct flight {
    std::uint16_t packet_id = 0;
    message_id id = 0;
    bench::packet_type awaits = bench::packet_type::puback;
  };

  void send(bench::octets& out, const flight& f, bench::dup_flag dup);
  void on_acked(message_id m);

  ledgers& all_;
  std::string client_;
  std::size_t window_;
  std::vector<flight> flights_;  // in the order of their first PUBLISH
  std::uint16_t next_id_ = 1;
};

}  // namespace godwit::kill_loop
