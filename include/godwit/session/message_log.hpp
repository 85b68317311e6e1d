#pragma once

#include <godwit/base/chunked_ring.hpp>
#include <godwit/base/ring.hpp>
#include <godwit/session/body_budget.hpp>
#include <godwit/session/limits.hpp>
#include <godwit/session/log_entry.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace godwit::session {

/// A packet that the log wants on the wire now, in this order.
struct outgoing {
  enum class kind : std::uint8_t { publish, pubrel };
  kind what = kind::publish;
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool dup = false;
  bool retain = false;
  mqtt::packet_id id{};
  base::ref<const mqtt::message> message;      ///< of a publish
  std::span<const std::uint32_t> identifiers;  ///< of a publish; valid until the log changes
};

/// How many messages, and their content in bytes; for the balance.
struct tally {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;

  tally& operator+=(const tally& other) noexcept {
    count += other.count;
    bytes += other.bytes;
    return *this;
  }
};

/// The one ordered log of a session's outgoing messages: queued, in flight and offline are
/// positions in it. Owns packet ids and the in-flight window; QoS 1 and 2 leave in order, and a
/// message that waits for its commit or for the disk holds back those behind it. QoS 0 passes
/// through it only while something is ahead. Positions name QoS 1 and 2 messages without a gap. One
/// thread (the home shard); persistent sessions write records.
///
/// A queued message of a persistent session may be without its body, which then lies in the store:
/// `spill` lets go of it, `wanted` says which are needed next, `put_body` brings them back. The log
/// sends nothing past a message without body.
class message_log {
 public:
  message_log() noexcept = default;
  /// 0 = not persistent: nothing is recorded and nothing waits for the disk. `bodies` keeps the sum
  /// of what persistent logs hold in memory; it outlives the log.
  explicit message_log(store::session_number session, body_budget* bodies = nullptr) noexcept
      : session_{session}, bodies_{bodies} {}

  struct addition {
    base::ref<const mqtt::message> message;
    mqtt::qos quality = mqtt::qos::at_most_once;  ///< what the subscriber gets
    bool retain = false;
    mqtt::message_number commit{};  ///< not 0: tentative until `commit(position)`
    std::string_view share;         ///< "$share/group/filter" it came through, or empty
    std::span<const std::uint32_t> identifiers{};  ///< of the subscriptions, QoS 1 and 2 only
  };
  log_position add(addition a, recorder& records);

  /// A tentative message is now certain. Its position may be gone.
  void commit(log_position position) noexcept;

  struct pump_rules {
    std::uint32_t window = 0;  ///< most QoS 1/2 in flight; may change with every connection
    batch_number durable;      ///< last durable batch of this shard
    base::wall_time oldest{};  ///< messages that arrived before are dropped, not sent
    base::wall_time now{};     ///< for message expiry
  };
  /// Appends what may be sent now. Returns what was dropped because it was too old.
  tally pump(const pump_rules& rules, recorder& records, std::vector<outgoing>& out);

  /// A new connection resumes: everything in flight goes out again, in order, PUBLISH with DUP.
  /// [v311 MQTT-4.4.0-1] [v311 MQTT-3.3.1-1]
  void resume() noexcept;
  /// The connection ended: QoS 0 is dropped (returned), what is in flight stays. Bodies that were
  /// fetched and not sent go again, as long as the budget is exceeded.
  tally suspend();

  enum class ack_outcome : std::uint8_t {
    done,      ///< the message is delivered and left the log
    advanced,  ///< PUBREC: PUBREL follows through `pump`
    unknown,   ///< no such message in flight
  };
  ack_outcome on_puback(mqtt::packet_id id, recorder& records);
  ack_outcome on_pubrec(mqtt::packet_id id, recorder& records);
  ack_outcome on_pubcomp(mqtt::packet_id id, recorder& records);
  /// The PUBLISH with this id will not be delivered: its receiver has refused it
  /// [v5 MQTT-4.4.0-2], or it is too large for it [v5 MQTT-3.1.2-25]. Nothing is resent. Count 0:
  /// no such PUBLISH, or PUBREC has come already.
  tally give_up(mqtt::packet_id id, recorder& records);

  /// A message that `pump` has just handed out must not leave after all, and leaves the log
  /// (returned). One that was sent before with QoS 2 stays, as if PUBREC had come: PUBREL follows,
  /// so that the packet id is free at both ends; count 0.
  tally withdraw(const outgoing& o, recorder& records);

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
  /// log until `remove`. Nothing when there is none that is certain (now), or when its body must be
  /// fetched first (`wanted_for_handover`).
  [[nodiscard]] std::optional<shared_message> take_share();
  /// No other member was found: the message taken by `take_share` queues here again, where it was,
  /// or at the end if it had been sent already; its new position.
  log_position put_back(log_position position, recorder& records);
  /// Removes a message for good, recording it (with a commit number if not 0).
  tally remove(log_position position, mqtt::message_number commit, recorder& records);

  /// Rebuilds the log of a restored session.
  void restore(const store::restored_session& session);

  // ---- bodies in the store (message_log_bodies.cpp)
  /// Lets go of the body if the message is still queued. Its record must be durable.
  void spill(log_position position) noexcept;
  struct page_rules {
    std::uint32_t messages_max = 256;
    std::uint64_t bytes_max = 1'048'576;  ///< content; one message may be larger
  };
  /// Messages whose bodies are to be fetched, in log order.
  struct page {
    std::vector<mqtt::message_number> numbers;
    std::vector<log_position> positions;
  };
  /// What `pump` needs next. Empty while enough lies ahead in memory: half a page; or, with the
  /// budget tight, anything, or as long as the window is full.
  [[nodiscard]] page wanted(const pump_rules& rules, const page_rules& most);
  /// What `take_share` needs next.
  [[nodiscard]] page wanted_for_handover(const page_rules& most) const;
  enum class body_fate : std::uint8_t {
    taken,
    not_needed,  ///< the message has left the log, or has its body
    wrong,       ///< it is another message's: the store's fault
  };
  body_fate put_body(log_position position, base::ref<const mqtt::message> m);
  /// The store has no body for this message: it is dropped (returned) if it is still without.
  tally lose_body(log_position position, recorder& records);
  /// Messages without body.
  [[nodiscard]] std::uint32_t spilled() const noexcept { return extras_ ? extras_->spilled : 0; }
  /// The log's part of `body_budget::held`, worked out anew.
  [[nodiscard]] std::uint64_t compute_held_bytes() const noexcept;

  /// `add` comes soon: see `chunked_ring`.
  void prefetch_way() const noexcept { entries_.prefetch_way(); }
  void prefetch_place() const noexcept { entries_.prefetch_place(); }

  /// 0 = not persistent.
  [[nodiscard]] store::session_number session() const noexcept { return session_; }
  [[nodiscard]] bool is_persistent() const noexcept { return session_.value() != 0; }
  [[nodiscard]] std::uint32_t size() const noexcept { return live_; }
  [[nodiscard]] bool empty() const noexcept { return live_ == 0; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  /// For operators: `f(const log_entry&)` for the first `most` messages that have not left.
  template <class F>
  void peek(std::uint32_t most, F&& f) const {
    for (std::uint32_t i = 0; i < entries_.size() && most != 0; ++i) {
      if (entries_[i].at() == state::gone) continue;
      --most;
      f(entries_[i]);
    }
  }

  /// Heap bytes of the log itself, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return entries_.allocated_bytes(); }
  [[nodiscard]] std::uint32_t inflight() const noexcept { return inflight_; }
  /// Is something in the log that has not been sent on this connection? Then QoS 0 queues behind
  /// it.
  [[nodiscard]] bool has_unsent() const noexcept { return sent_end_ < entries_.size(); }
  /// Did the last `pump` stop where a batch has to become durable first?
  [[nodiscard]] bool waits_for_disk() const noexcept;

 private:
  using state = log_entry::state;
  /// What an entry in the window needs on disk before it goes on.
  struct disk_wait {
    log_position position{};
    batch_number batch;
  };

  /// What few logs have at any time. An idle session is small without it.
  struct extras {
    base::ring<disk_wait> waits;  ///< in the order of their batches
    /// PUBRECs in the order they came, whose PUBREL is not out yet. [v311 MQTT-4.6.0-4]
    base::ring<log_position> to_release;
    std::map<std::uint64_t, std::string> shares;                      ///< by position
    std::map<std::uint64_t, std::vector<std::uint32_t>> identifiers;  ///< the same
    std::uint32_t unassured = 0;  ///< live entries that are QoS 0
    std::uint32_t spilled = 0;    ///< live entries without body
    std::uint32_t body_end = 0;   ///< no entry before it needs a body
  };
  [[nodiscard]] extras& extra() {
    if (!extras_) extras_ = std::make_unique<extras>();
    return *extras_;
  }
  void drop_extras_if_unused() noexcept;

  [[nodiscard]] log_entry* find_inflight(mqtt::packet_id id) noexcept;
  [[nodiscard]] std::uint32_t index_of(log_position position) const noexcept;
  [[nodiscard]] log_entry* find(log_position position) noexcept;
  [[nodiscard]] bool is_shared(const log_entry& e) const;
  [[nodiscard]] bool may_move(const log_entry& e) const;
  [[nodiscard]] mqtt::packet_id next_id() noexcept;
  void free_id(log_entry& e) noexcept;
  void put_on_wire(log_entry& e) noexcept;
  void take_off_wire() noexcept;
  void admit(const pump_rules& rules, recorder& records, tally& expired);
  void send(const pump_rules& rules, recorder& records, std::vector<outgoing>& out, tally& expired);
  [[nodiscard]] std::span<const std::uint32_t> identifiers_of(const log_entry& e) const;
  void release(std::vector<outgoing>& out);
  tally take_out(log_entry& e) noexcept;
  tally drop(log_entry& e, recorder& records);
  void trim() noexcept;
  void close_gaps() noexcept;
  void close_queue_gaps() noexcept;
  void wait_for_disk(log_entry& e, recorder& records);
  void settle_waits(batch_number durable) noexcept;
  [[nodiscard]] bool is_in_window(const log_entry& e) const noexcept;
  [[nodiscard]] bool counts_body(const log_entry& e) const noexcept {
    return bodies_ != nullptr && is_persistent() && e.quality() != mqtt::qos::at_most_once;
  }
  void let_go(log_entry& e, std::uint32_t index) noexcept;
  void let_fetched_go() noexcept;
  [[nodiscard]] static bool needs_body(const log_entry& e) noexcept {
    return !e.has_body() && (e.at() == state::queued || e.at() == state::sent);
  }
  [[nodiscard]] bool has_enough_ahead(const pump_rules& rules, const page_rules& most) const;
  [[nodiscard]] static bool has_expired(const log_entry& e, const pump_rules& rules) noexcept;
  [[nodiscard]] static bool is_over(const log_entry& e, const pump_rules& rules) noexcept;

  base::chunked_ring<log_entry> entries_;
  store::session_number session_;
  body_budget* bodies_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::uint64_t next_position_ = 1;
  std::uint32_t live_ = 0;          ///< entries that are not gone
  std::uint32_t admitted_end_ = 0;  ///< entries before it are in the window (or gone)
  std::uint32_t gaps_ = 0;          ///< of these, how many are gone
  std::uint32_t sent_end_ = 0;      ///< entries before it were handled on this connection
  std::uint16_t inflight_ = 0;      ///< QoS 1/2 with a packet id
  std::uint16_t on_wire_ = 0;       ///< of these, how many went out on this connection
  std::uint16_t last_id_ = 0;
  std::uint16_t ids_known_free_ = 0;  ///< so many ids after `last_id_` are not in flight
  std::unique_ptr<extras> extras_;
};

}  // namespace godwit::session
