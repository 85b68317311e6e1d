#pragma once

#include <godwit/mqtt/types.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::session {

using std::chrono::milliseconds;
using std::chrono::seconds;

enum class overflow_policy : std::uint8_t { drop_oldest, drop_newest, disconnect };
enum class denied_reaction : std::uint8_t { acknowledge, disconnect };
enum class takeover_will : std::uint8_t { send, suppress };
enum class overrun_reaction : std::uint8_t { disconnect, tolerate };
enum class share_policy : std::uint8_t { round_robin, least_in_flight };

/// Messages of these topics that do not say so themselves live so long.
struct expiry_rule {
  std::string filter;
  std::uint32_t after_s = 0;
  friend bool operator==(const expiry_rule&, const expiry_rule&) = default;
};

/// Limits and options of connections and sessions; the defaults are the broker's. Every member is a
/// key of the configuration (config/godwit.yaml names and explains it).
struct limits {
  // Before and during CONNECT
  milliseconds connect_timeout{10'000};       ///< TCP accept to complete CONNECT [v31 M31-proto-4]
  std::uint32_t connect_bytes_max = 65'536;   ///< whole CONNECT packet
  std::uint32_t client_id_bytes_max = 1'024;  ///< longer: identifier rejected [v311 MQTT-3.1.3-9]
  /// Above it (or 0): 5.0 gets this as Server Keep Alive, 3.x is refused with code 3; 0 = off.
  std::uint16_t keep_alive_max_s = 0;

  // While connected
  std::uint32_t packet_bytes_max = 16'777'216;  ///< whole packet from a client
  std::uint16_t topic_bytes_max = 65'535;       ///< topic names and filters
  std::uint16_t topic_levels_max = 128;
  std::uint32_t user_properties_max = 1'000;  ///< of one 5.0 packet; 0 = none
  /// What one client may publish; beyond it is read more slowly. 0 = none.
  std::uint32_t publishes_per_second_max = 0;
  std::uint64_t publish_bytes_per_second_max = 0;  ///< whole packets
  std::uint32_t output_bytes_max = 4'194'304;      ///< unsent bytes above which QoS 0 is dropped
  std::uint16_t unanswered_publishes_max = 1'000;  ///< QoS 1/2 from a client not yet answered
  milliseconds stalled_reader_timeout{
      60'000};  ///< no byte taken with output waiting: close; 0 = off
  /// QoS 1/2 of a 5.0 client whose handshakes are open; 65,535 is not announced. [v5 MQTT-3.3.4-7]
  std::uint16_t receive_maximum = 1'000;
  overrun_reaction receive_maximum_overrun = overrun_reaction::disconnect;
  std::uint16_t topic_alias_max = 16;           ///< that a 5.0 client may use; each holds one topic
  std::uint16_t topic_alias_outgoing_max = 16;  ///< that we use, if the client allows as many

  // Sessions
  /// After the connection ended; 5.0 clients may ask for less. 0 = never.
  seconds session_expiry{14 * 86'400};
  std::uint32_t subscriptions_max = 100'000;   ///< per session
  std::uint16_t inflight_max = 100;            ///< QoS 1/2 to a client not yet acknowledged
  std::uint64_t queue_bytes_max = 67'108'864;  ///< per session, topics and payloads; 0 = none
  std::uint64_t queue_count_max = 0;           ///< per session, messages; 0 = none
  seconds queue_age_max{14 * 86'400};          ///< 0 = none
  overflow_policy queue_overflow = overflow_policy::drop_oldest;
  std::uint64_t slow_high_water_bytes = 8'388'608;  ///< above: publishers wait [design 5]
  milliseconds slow_hold_max{5'000};     ///< how long one subscriber may hold a publisher up
  milliseconds share_handover_after{0};  ///< offline member keeps its messages so long; 0 = on end
  share_policy share_selection = share_policy::round_robin;

  // Retained messages of the whole broker, without its own; 0 = none
  std::uint64_t retained_count_max = 0;
  std::uint64_t retained_bytes_max = 1'073'741'824;  ///< topics and payloads
  /// Withheld while the rules do not allow its publisher to retain it any more.
  bool retained_check_publisher = true;

  // What one user may have in all sessions and topics, topics and payloads; 0 = none
  std::uint64_t user_retained_bytes_max = 0;
  std::uint64_t user_queued_bytes_max = 0;

  // The store
  milliseconds low_disk_hold{30'000};  ///< a publish waits so long for disk space [design 7]

  // Protocol choices
  denied_reaction denied_publish = denied_reaction::acknowledge;  ///< 3.1.1 [MQTT-3.3.5-2]
  denied_reaction mqtt31_denied_subscribe = denied_reaction::acknowledge;
  denied_reaction mqtt31_denied_publish = denied_reaction::acknowledge;
  std::uint16_t mqtt31_client_id_chars_max = 0;  ///< 23 = to the letter; 0 = off [v31 M31-id-2]
  milliseconds mqtt31_retry_first{0};            ///< 0 = off [v31 M31-retry-1]
  double mqtt31_retry_factor = 2.0;
  std::uint16_t mqtt31_retry_count = 3;
  takeover_will will_on_takeover = takeover_will::send;
  seconds will_grace_after_restart{60};  ///< wills found at start wait so long for their client
  bool session_owner_check = true;       ///< a session belongs to the user that made it
  /// Of one client id within the window; then it is refused while it is connected. 0 = off.
  std::uint32_t takeovers_max = 15;
  seconds takeover_window{60};
  mqtt::qos maximum_qos = mqtt::qos::exactly_once;  ///< of a PUBLISH and of a granted filter
  bool retain_available = true;
  bool wildcards_available = true;
  bool shared_available = true;
  bool subscription_identifiers_available = true;
  bool payload_format_check = false;          ///< text that says it is UTF-8 must be
  std::vector<expiry_rule> message_expiry{};  ///< the first rule that matches counts
  std::string response_information{};         ///< 5.0 clients that ask get it; "%c" = the client id
};

}  // namespace godwit::session
