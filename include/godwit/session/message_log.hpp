#pragma once

#include <godwit/base/ring.hpp>
#include <godwit/session/limits.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::session {

using store::log_position;

/// A packet that the log wants on the wire now, in this order.
struct outgoing {
  enum class kind : std::uint8_t { publish, pubrel };
  kind what = kind::publish;
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool dup = false;
  bool retain = false;
  mqtt::packet_id id{};
  base::ref<const mqtt::message> message;  ///< of a publish
};

/// How many messages, and their content in bytes; for the balance.
struct tally {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

/// The one ordered log of a session's outgoing messages: queued, in flight and offline are
/// positions in it. Owns packet ids and the in-flight window; QoS 1 and 2 leave in order, and a
/// message that waits for its commit or for the disk holds back those behind it. QoS 0 passes
/// through it only while something is ahead. One thread (the home shard); persistent sessions write
/// records.
class message_log {
 public:
  /// 0 = not persistent: nothing is recorded and nothing waits for the disk.
  explicit message_log(store::session_number session = {}) noexcept : session_{session} {}

  struct addition {
    base::ref<const mqtt::message> message;
    mqtt::qos quality = mqtt::qos::at_most_once;  ///< what the subscriber gets
    bool retain = false;
    mqtt::message_number commit{};  ///< not 0: tentative until `commit(position)`
    std::string_view share;         ///< "$share/group/filter" it came through, or empty
  };
  log_position add(addition a, recorder& records);

  /// A tentative message is now certain. Its position may be gone.
  void commit(log_position position) noexcept;

  struct pump_rules {
    std::uint32_t window = 0;  ///< most QoS 1/2 in flight
    batch_number durable;      ///< last durable batch of this shard
    base::wall_time oldest{};  ///< messages that arrived before are dropped, not sent
    base::wall_time now{};     ///< for message expiry
  };
  /// Appends what may be sent now. Returns what was dropped because it was too old.
  tally pump(const pump_rules& rules, recorder& records, std::vector<outgoing>& out);

  /// A new connection resumes: everything in flight goes out again, in order, PUBLISH with DUP.
  /// [v311 MQTT-4.4.0-1] [v311 MQTT-3.3.1-1]
  void resume() noexcept;
  /// The connection ended: QoS 0 is dropped (returned), what is in flight stays.
  tally suspend();

  enum class ack_outcome : std::uint8_t {
    done,      ///< the message is delivered and left the log
    advanced,  ///< PUBREC: PUBREL follows through `pump`
    unknown,   ///< no such message in flight
  };
  ack_outcome on_puback(mqtt::packet_id id, recorder& records);
  ack_outcome on_pubrec(mqtt::packet_id id, recorder& records);
  ack_outcome on_pubcomp(mqtt::packet_id id, recorder& records);

  /// Makes everything that was sent on this connection and not answered go out again (MQTT 3.1's
  /// retry on a live connection). [v31 M31-retry-1]
  void retry() noexcept { resume(); }

  /// Drops the oldest message that was never sent. Nothing to drop: count 0.
  tally drop_oldest_unsent(recorder& records);
  /// Drops messages from before `oldest` at the front of the unsent part.
  tally drop_older_than(base::wall_time oldest, recorder& records);

  /// The session ends: everything goes (returned) but messages of shared groups that may go to
  /// another member: QoS 1, and QoS 2 that was never sent. [v5 MQTT-4.8.2-4] [v5 MQTT-4.8.2-5]
  tally end_session(recorder& records);
  struct shared_message {
    log_position position{};
    base::ref<const mqtt::message> message;
    mqtt::qos quality = mqtt::qos::at_most_once;
    std::string share;
  };
  /// Takes the first of those out of the running, to be given to another member; it stays in the
  /// log until `remove`. Nothing when there is none that is certain (now).
  [[nodiscard]] std::optional<shared_message> take_share();
  /// No other member was found: the message taken by `take_share` queues here again, at the end.
  void put_back(log_position position, recorder& records);
  /// Removes a message for good, recording it (with a commit number if not 0).
  tally remove(log_position position, mqtt::message_number commit, recorder& records);

  /// Rebuilds the log of a restored session.
  void restore(const store::restored_session& session);

  [[nodiscard]] bool is_persistent() const noexcept { return session_.value() != 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return live_; }
  [[nodiscard]] bool empty() const noexcept { return live_ == 0; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// Heap bytes of the log itself, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return entries_.allocated_bytes(); }
  [[nodiscard]] std::uint32_t inflight() const noexcept { return inflight_; }
  /// Is something in the log that has not been sent on this connection? Then QoS 0 queues behind
  /// it.
  [[nodiscard]] bool has_unsent() const noexcept { return sent_end_ < entries_.size(); }
  /// Does the log wait for a batch to become durable before it can go on?
  [[nodiscard]] bool waits_for_disk(batch_number durable) const noexcept;

 private:
  enum class state : std::uint8_t {
    tentative,  ///< waits for its commit
    queued,
    admitted,  ///< in the window with a packet id; QoS 2 waits for `batch`
    sent,      ///< waits for PUBACK or PUBREC
    received,  ///< PUBREC came; PUBREL waits for `batch`
    released,  ///< PUBREL was sent; waits for PUBCOMP
    moving,    ///< on its way to another member of its shared group
    gone,
  };
  struct entry {
    base::ref<const mqtt::message> message;
    log_position position{};
    batch_number batch;
    mqtt::packet_id id{};
    state at = state::queued;
    mqtt::qos quality : 2 = mqtt::qos::at_most_once;
    bool retain : 1 = false;
    bool was_sent : 1 = false;  ///< on any connection: the next PUBLISH carries DUP
  };

  [[nodiscard]] entry* find_inflight(mqtt::packet_id id) noexcept;
  [[nodiscard]] entry* find(log_position position) noexcept;
  [[nodiscard]] bool may_move(const entry& e) const;
  [[nodiscard]] mqtt::packet_id next_id() noexcept;
  void free_id(entry& e) noexcept;
  void admit(const pump_rules& rules, recorder& records, tally& expired);
  void send(const pump_rules& rules, std::vector<outgoing>& out);
  void release(const pump_rules& rules, std::vector<outgoing>& out);
  tally take_out(entry& e) noexcept;
  tally drop(entry& e, recorder& records);
  void trim() noexcept;
  void close_gaps() noexcept;
  void shrink();
  [[nodiscard]] static bool is_expired(const mqtt::message& m, const pump_rules& rules) noexcept;

  base::ring<entry> entries_;
  store::session_number session_;
  std::uint64_t bytes_ = 0;
  std::uint64_t next_position_ = 1;
  std::uint32_t live_ = 0;          ///< entries that are not gone
  std::uint32_t inflight_ = 0;      ///< QoS 1/2 with a packet id
  std::uint32_t admitted_end_ = 0;  ///< entries before it are in the window (or gone)
  std::uint32_t gaps_ = 0;          ///< of these, how many are gone
  std::uint32_t sent_end_ = 0;      ///< entries before it were handled on this connection
  std::uint16_t last_id_ = 0;
  std::uint16_t ids_known_free_ = 0;  ///< so many ids after `last_id_` are not in flight
  /// PUBRECs in the order they came, whose PUBREL is not out yet. [v311 MQTT-4.6.0-4]
  base::ring<log_position> to_release_;
  std::unique_ptr<std::map<std::uint64_t, std::string>> shares_;  ///< by position; mostly none
};

}  // namespace godwit::session
