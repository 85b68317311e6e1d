#pragma once

#include "support/packets.hpp"

#include <godwit/mqtt/packets.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::test {

struct client_state;

/// A scripted client: bytes out, packets in; it answers nothing of its own accord. A value that
/// names one connection; copies name the same one. Everything that asks ("received", "closed",
/// "expect") first lets the world run until it is quiet; no time passes by that.
///
/// A view that is handed out stays valid as long as any copy of the client or its world lives.
/// What is expected and does not come is a test failure, and an empty packet is returned.
class test_client {
 public:
  explicit test_client(std::shared_ptr<client_state> state) noexcept : state_{std::move(state)} {}

  // ---- bytes out -------------------------------------------------------------------------------
  void send(base::bytes_view bytes);
  void send_packet(const mqtt::packet_view& p);
  /// FIN: nothing more comes from the client. The broker's bytes can still be read.
  void close();
  /// The connection breaks; both sides lose what is on its way.
  void reset();
  /// Reads nothing any more: the broker's `send` takes `window` more bytes, then none.
  void stall(std::size_t window = 0);
  void resume();

  // ---- bytes and packets in ---------------------------------------------------------------------
  /// Every byte that ever came.
  [[nodiscard]] base::bytes received();
  /// Did the broker end the connection (and has all it sent before arrived)?
  [[nodiscard]] bool closed();
  /// Are there no packets that were not taken yet?
  [[nodiscard]] bool quiet();
  /// Takes the next packet, decoded for the version of the CONNECT that was sent.
  [[nodiscard]] std::optional<mqtt::packet_view> next_packet();
  /// Takes all packets that came.
  [[nodiscard]] std::vector<mqtt::packet_view> all_packets();
  /// The bytes of the packet that was taken last.
  [[nodiscard]] base::bytes last_bytes() const;
  /// Takes the next packet, which must be of this kind.
  template <class View>
  View expect(const char* name = "the expected packet") {
    const auto p = next_packet();
    if (p && std::holds_alternative<View>(*p)) return std::get<View>(*p);
    ADD_FAILURE() << client_id() << ": expected " << name << ", got " << describe(p);
    return View{};
  }
  /// The next packet must be this acknowledgement.
  void expect_ack(mqtt::packet_type type, std::uint16_t id);
  /// The next packet must be a PUBLISH of this topic and payload.
  mqtt::publish_view expect_publish(std::string_view topic, std::string_view payload);
  /// Nothing came, and the connection is still there.
  void expect_nothing();
  /// The broker ended the connection; no packet is left over.
  void expect_closed();

  // ---- whole exchanges; packets that do not belong to them stay where they are
  // -------------------
  mqtt::connack_view connect(const connect_options& o = {});
  /// Sends SUBSCRIBE with the next packet id and takes the SUBACK.
  mqtt::suback_view subscribe(const std::vector<filter_request>& filters);
  mqtt::suback_view subscribe(std::string_view filter, mqtt::qos quality = qos0);
  void unsubscribe(const std::vector<std::string>& filters);
  /// Publishes and, at QoS 1 and 2, goes through the whole handshake. Returns the packet id.
  std::uint16_t publish(std::string_view topic, std::string_view payload, mqtt::qos quality = qos0,
                        bool retain = false);
  /// Only sends a PUBLISH with the next packet id, which it returns.
  std::uint16_t send_publish(std::string_view topic, std::string_view payload,
                             mqtt::qos quality = qos0, bool retain = false);
  void send_ack(mqtt::packet_type type, std::uint16_t id);
  /// Acknowledges a PUBLISH that was received: PUBACK, or PUBREC, PUBREL taken, PUBCOMP.
  void acknowledge(const mqtt::publish_view& p);
  /// Takes the next PUBLISH and acknowledges it.
  mqtt::publish_view receive();
  /// Takes and acknowledges every PUBLISH until no more come; their payloads in order.
  std::vector<std::string> receive_all();
  /// PINGREQ and its answer.
  void ping();
  /// DISCONNECT, then FIN.
  void disconnect();

  // ---- about itself ----------------------------------------------------------------------------
  [[nodiscard]] const std::string& client_id() const;
  [[nodiscard]] protocol_version version() const;
  /// The shard that accepted the connection (its home may be another one).
  [[nodiscard]] std::size_t accepted_on() const;
  /// The next packet id for own use.
  [[nodiscard]] std::uint16_t next_id();
  [[nodiscard]] static std::string describe(const std::optional<mqtt::packet_view>& p);

 private:
  std::optional<mqtt::packet_view> take_first(
      const std::function<bool(const mqtt::packet_view&)>& wanted);
  bool take_ack(mqtt::packet_type type, std::uint16_t id);

  std::shared_ptr<client_state> state_;
};

}  // namespace godwit::test
