#pragma once

#include <godwit/base/strong.hpp>
#include <godwit/mqtt/message.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What the broker writes down. A record states one change of durable state; a batch is applied
/// whole or not at all. The same records go to every engine.

namespace godwit::store {

/// The durable name of a session: never reused, so that records of an ended session cannot touch a
/// later one of the same client.
using session_number = base::strong<std::uint64_t, struct session_number_tag>;
/// Place of a message in its session's one ordered log; grows by one per message.
using log_position = base::strong<std::uint64_t, struct log_position_tag>;

/// A persistent session begins to exist.
struct session_opened {
  session_number session{};
  std::string client_id;
  std::string owner;  ///< User name that made it; empty = anonymous.
  mqtt::protocol_version version = mqtt::protocol_version::v311;
};
/// Its connection ended; expiry counts from here. Rides along, nothing waits for it.
struct session_idle {
  session_number session{};
  base::wall_time since{};  ///< zero: a connection has taken the session up again
};
/// The session ended: subscriptions, QoS 2 ids and messages are gone, except messages that came
/// through a shared group; those stay until each is `removed` (handed to another member).
struct session_ended {
  session_number session{};
};
/// How long the session outlives its connection, in seconds; nothing: as the configuration says, as
/// for clients that cannot ask. Rides along, unless it makes the CONNACK wait.
struct session_expires {
  session_number session{};
  std::optional<std::uint32_t> after_s{};  ///< 0xFFFFFFFF = never
};
/// What a subscription was granted.
struct subscription_terms {
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  std::uint32_t identifier = 0;  ///< 0 = none
  friend bool operator==(const subscription_terms&, const subscription_terms&) = default;
};
struct subscribed {
  session_number session{};
  std::string filter;  ///< As the client wrote it, "$share/..." included.
  subscription_terms terms{};
};
struct unsubscribed {
  session_number session{};
  std::string filter;
};
/// A message enters a session's log. Tentative when `commit` is not 0: it counts only once a record
/// with that commit number (`committed`, `qos2_received`, `will_removed`, `removed`) is in the
/// journal.
struct enqueued {
  session_number session{};
  log_position position{};
  base::ref<const mqtt::message> message;
  mqtt::qos quality = mqtt::qos::at_least_once;  ///< 1 or 2
  bool retain = false;                           ///< RETAIN flag of the copy.
  std::string share;  ///< "$share/group/filter" it came through, or empty.
  mqtt::message_number commit{};
  std::vector<std::uint32_t> identifiers{};  ///< Subscription identifiers of the copy.
};
/// The message got its packet id. QoS 2: before it is sent. QoS 1: rides along.
struct sent {
  session_number session{};
  log_position position{};
  mqtt::packet_id id{};
};
/// PUBREC came: from here on only PUBREL is sent. [v311 MQTT-4.3.3-1]
struct rec_received {
  session_number session{};
  log_position position{};
};
/// The message left the log: acknowledged, dropped, expired or handed over (then with `commit`).
struct removed {
  session_number session{};
  log_position position{};
  mqtt::message_number commit{};
};
/// A QoS 2 packet id of the session's client is known until `qos2_released`; commits `commit`.
struct qos2_received {
  session_number session{};
  mqtt::packet_id id{};
  mqtt::message_number commit{};
};
struct qos2_released {
  session_number session{};
  mqtt::packet_id id{};
};
/// A commit whose publisher has no session any more.
struct committed {
  mqtt::message_number commit{};
};
/// A connection left a will. Named by its message's number, because the next connection of the
/// client may leave another before this one is published.
struct will_stored {
  std::string client_id;
  base::ref<const mqtt::message> message;
  std::uint16_t keep_alive_s = 0;
  std::uint32_t delay_s = 0;  ///< Will Delay Interval
};
/// The will was published or withdrawn; commits `commit` if not 0.
struct will_removed {
  mqtt::message_number will{};  ///< number of the will's message
  mqtt::message_number commit{};
};
/// The retained message of its topic; an empty payload clears it. The highest retain_version wins.
struct retained {
  base::ref<const mqtt::message> message;
};

using record = std::variant<session_opened, session_idle, session_ended, subscribed, unsubscribed,
                            enqueued, sent, rec_received, removed, qos2_received, qos2_released,
                            committed, will_stored, will_removed, retained, session_expires>;
using batch = std::vector<record>;

}  // namespace godwit::store
