#pragma once

#include "connection.hpp"
#include "histogram.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace godwit::bench {

struct client_settings {
  sockaddr_in server{};
  std::string id{};
  protocol version = protocol::v311;
  clean_session clean = clean_session::yes;
  std::uint16_t keep_alive_s = 0;
  std::uint32_t source = 0;  ///< see connection::open
  std::vector<std::string> filters{};
  std::uint8_t qos = 0;  ///< of the subscriptions
  std::string user{};    ///< empty: none
  std::string password{};
  layer_maker::identity identity = layer_maker::identity::hidden;
  bool may_be_turned_away = false;  ///< before it is ready; it is closed then
};

/// A connection that logs in, subscribes and is then ready. Throws bench_error when the broker
/// refuses, grants less than asked, or closes a connection that is not leaving.
class client : public connection {
 public:
  enum class stage : std::uint8_t { closed, connecting, logging_in, subscribing, ready, leaving };

  client(event_loop& loop, client_settings settings);

  void start();
  /// DISCONNECT; the broker is expected to close.
  void leave();
  /// DISCONNECT and close at once.
  void leave_at_once();
  /// PINGREQ; is_answered() turns true with the PINGRESP, so everything the broker had queued
  /// for this client before has come.
  void ping();

  [[nodiscard]] stage at() const { return stage_; }
  [[nodiscard]] bool is_ready() const { return stage_ == stage::ready; }
  [[nodiscard]] bool is_answered() const { return !pinging_; }
  [[nodiscard]] bool had_session() const { return session_present_; }
  /// How often it was turned away.
  [[nodiscard]] std::uint64_t attempts_lost() const { return attempts_lost_; }
  [[nodiscard]] const client_settings& settings() const { return settings_; }
  [[nodiscard]] client_settings& settings() { return settings_; }

 protected:
  /// Packets after the login that are not about subscribing or pings.
  virtual void on_application_packet(const packet_view& packet, instant now);

 private:
  [[nodiscard]] layer_maker::identity identity() const override { return settings_.identity; }
  void on_connected() override;
  void on_packet(const packet_view& packet, instant now) override;
  void on_closed(const std::string& reason) override;
  void on_connack(const packet_view& packet);
  void on_suback(const packet_view& packet);
  void subscribe_next();

  client_settings settings_;
  std::size_t subscribed_ = 0;  // filters acknowledged
  std::size_t asked_ = 0;       // filters in the SUBSCRIBE under way
  stage stage_ = stage::closed;
  bool session_present_ = false;
  bool pinging_ = false;
  std::uint64_t attempts_lost_ = 0;
};

/// Receives what subscribers get. One per scenario.
class message_sink {
 public:
  virtual ~message_sink() = default;
  virtual void on_message(std::uint32_t receiver, const publish_view& message, instant now) = 0;
};

/// Hands every message to its sink and acknowledges it.
class subscriber final : public client {
 public:
  subscriber(event_loop& loop, client_settings settings, std::uint32_t index, message_sink& sink)
      : client{loop, std::move(settings)}, index_{index}, sink_{sink} {}

 private:
  void on_application_packet(const packet_view& packet, instant now) override;

  std::uint32_t index_;
  message_sink& sink_;
};

/// Publishes with a window of unacknowledged messages.
class publisher final : public client {
 public:
  /// `window`: at most this many QoS 1 and 2 messages unacknowledged, 1 to 65535.
  publisher(event_loop& loop, client_settings settings, std::uint16_t window);

  /// How many more QoS 1 or 2 messages the window takes.
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::size_t unacknowledged() const { return unacknowledged_; }
  /// From now on, how long PUBACK (QoS 2: PUBREC) takes goes there.
  void record_acknowledgements(histogram& latencies) { latencies_ = &latencies; }
  /// `fields.packet_id` and `fields.version` are chosen here. room() must not be 0 for QoS 1 and 2.
  void publish(publish_fields fields);

 private:
  struct slot {
    std::uint16_t packet_id = 0;
    packet_type awaits = packet_type::publish;  // publish: free
    instant sent{};                             // if latencies are recorded
  };

  void on_application_packet(const packet_view& packet, instant now) override;
  slot& slot_of(std::uint16_t packet_id) { return slots_[packet_id & (slots_.size() - 1)]; }

  std::vector<slot> slots_;  // a ring by packet id; its size is a power of two
  std::size_t window_;
  histogram* latencies_ = nullptr;
  std::size_t unacknowledged_ = 0;
  std::uint16_t next_id_ = 1;
};

/// Brings up every client, at most `at_once` logging in at a time. Throws bench_error, saying how
/// far it came, when one second's worth of nothing repeats until `timeout`.
void start_all(event_loop& loop, std::span<client* const> clients, std::size_t at_once,
               nanoseconds timeout);

/// Pings every client and waits for the answers, at most `timeout` each without an answer.
void ping_all(event_loop& loop, std::span<client* const> clients, nanoseconds timeout);

}  // namespace godwit::bench
