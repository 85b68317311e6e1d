#pragma once

#include "answer_queue.hpp"
#include "output_queue.hpp"
#include "publish_pace.hpp"
#include "v5_link.hpp"

#include <godwit/base/clock.hpp>
#include <godwit/base/slab.hpp>
#include <godwit/base/timer_wheel.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/mqtt/packets.hpp>
#include <godwit/session/close_reason.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/store/store.hpp>

#include <memory>
#include <optional>

namespace godwit::broker {

struct session_slot;
using session_handle = base::handle<session_slot>;

/// What of the store a PUBLISH waits for, before anything has been done about it.
enum class store_wait : std::uint8_t { none, room, disk };

/// A PUBLISH that was decoded but cannot be routed yet; at most one per connection.
struct parked_publish {
  base::ref<const mqtt::message> message;
  mqtt::packet_id id{};
  pending_id retaining = 0;  ///< waits for the retained message's shard; 0 = waits for mail credit
  store::ticket ticket{};    ///< of the retained message, once that shard has it
  session::batch_number batch;  ///< the same, if it is at home here
  base::steady_time since{};    ///< when it was read
  store_wait waits = store_wait::none;
  base::timer_token refused_at{};  ///< with `store_wait::disk`
};

enum class phase : std::uint8_t {
  awaiting_connect,
  authenticating,  ///< the CONNECT lies at the head of `input`
  exchanging,      ///< AUTH steps; the CONNECT is kept with them
  accepting,       ///< has its session; the CONNACK waits for the disk
  live,
  closing,  ///< only unsent output is left
};

/// A SUBSCRIBE or UNSUBSCRIBE that is being carried out. With many filters that takes several
/// turns, and the packet stays at the head of `input` meanwhile.
struct partial_request {
  pending_id pending = 0;
  answer reply;
  std::size_t left = 0;         ///< bytes of filters at the packet's end that are not done
  session::batch_number batch;  ///< the last that has something of it
  std::uint32_t identifier = 0;
  bool is_repeated = false;
};

/// One network connection on its shard. Owned by the engine's slab.
struct connection {
  transport_id transport{};
  phase at = phase::awaiting_connect;
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  std::uint16_t keep_alive_s = 0;
  bool names_version : 1 = false;  ///< the CONNECT has a name that we know
  bool has_transport : 1 = true;
  bool is_reading : 1 = true;
  bool is_flush_listed : 1 = false;
  bool is_output_full : 1 = false;     ///< when its session was last pumped
  bool is_backlog_listed : 1 = false;  ///< has input that was not handled for lack of budget
  bool is_parked_listed : 1 = false;
  bool is_doomed : 1 = false;
  bool at_end_of_input : 1 = false;  ///< the peer closed; what it sent before is still handled
  bool is_stall_timed : 1 = false;
  bool is_paused_read_timed : 1 = false;
  bool is_input_stuck : 1 = false;  ///< the packet at the head of `input` must wait
  std::uint8_t retries = 0;         ///< MQTT 3.1 retries without an acknowledgement in between
  session_handle session;
  std::uint32_t connected_at_s = 0;      ///< since 1970, when its CONNECT was taken
  base::bytes input;                     ///< an incomplete packet, or what cannot be handled yet
  std::unique_ptr<output_queue> output;  ///< only while something is unsent
  answer_queue answers;
  std::unique_ptr<parked_publish> parked;
  std::unique_ptr<partial_request> request;
  std::unique_ptr<publish_pace> pace;    ///< only where publishers are limited
  std::unique_ptr<v5_link> v5;           ///< MQTT 5 only, from its CONNECT on
  std::unique_ptr<auth::principal> who;  ///< between authentication and the session
  base::steady_time last_packet{};       ///< complete packet received, for the keep alive
  base::steady_time last_progress{};     ///< output taken by the peer
  base::timer_token deadline;            ///< CONNECT timeout, keep alive or closing
  base::timer_token retry;
  peer_info peer;

  /// Its next PUBLISH waits; everything else is handled.
  [[nodiscard]] bool is_slowed() const noexcept { return pace != nullptr && pace->due; }
};
using connection_handle = base::handle<connection>;

/// A connection that will end, and why.
struct doomed {
  connection_handle connection;
  session::close_reason reason;
};

}  // namespace godwit::broker
