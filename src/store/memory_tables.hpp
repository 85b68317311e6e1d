#pragma once

#include "memory_log.hpp"

#include <godwit/store/memory_store.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace godwit::store {

/// What the applied records add up to. One owner at a time (the store's lock). Tables whose keys
/// come from clients are ordered trees, so that no choice of names makes them slow.
class memory_tables {
 public:
  /// Applies one whole batch. Records of a session that is gone change nothing.
  void apply(batch&& records);
  /// Hands everything out. Tentative entries are not decided any more: they are dropped.
  /// Bodies beyond the first `bodies` of a session stay here.
  high_water recover(recovery_visitor& visitor, std::size_t bodies);
  /// Looks through all entries.
  [[nodiscard]] base::ref<const mqtt::message> find_message(mqtt::message_number number) const;
  [[nodiscard]] memory_store::contents count() const;

 private:
  struct session {
    std::string client_id;
    std::string owner;
    mqtt::protocol_version version = mqtt::protocol_version::v311;
    std::optional<base::wall_time> idle_since;
    bool ended = false;
    log_position next_position{};
    std::optional<std::uint32_t> expires_after_s;
    std::map<std::string, subscription_terms, std::less<>> subscriptions;
    memory_log log;
    std::set<mqtt::packet_id> qos2_received;
  };
  struct will {
    std::string client_id;
    base::ref<const mqtt::message> message;
    std::uint16_t keep_alive_s = 0;
    std::uint32_t delay_s = 0;
  };
  struct entry_name {
    session_number session{};
    log_position position{};
  };
  /// Entries that wait for one commit number; forgotten with the last of them.
  struct undecided {
    std::vector<entry_name> entries;
    std::size_t waiting = 0;
  };

  void apply_one(session_opened&& r);
  void apply_one(session_idle&& r);
  void apply_one(session_ended&& r);
  void apply_one(subscribed&& r);
  void apply_one(unsubscribed&& r);
  void apply_one(enqueued&& r);
  void apply_one(sent&& r);
  void apply_one(rec_received&& r);
  void apply_one(removed&& r);
  void apply_one(qos2_received&& r);
  void apply_one(qos2_released&& r);
  void apply_one(committed&& r);
  void apply_one(will_stored&& r);
  void apply_one(will_removed&& r);
  void apply_one(retained&& r);
  void apply_one(session_expires&& r);

  [[nodiscard]] session* find(session_number number);
  [[nodiscard]] memory_entry* find(session_number number, log_position position);
  void decide(mqtt::message_number commit);
  void no_longer_waits(mqtt::message_number commit);
  void saw(const mqtt::message& m);
  void saw(mqtt::message_number number);
  void drop_undecided();

  std::unordered_map<session_number, session> sessions_;
  std::unordered_map<mqtt::message_number, undecided> undecided_;
  std::map<mqtt::message_number, will> wills_;
  std::map<std::string, base::ref<const mqtt::message>, std::less<>> retained_;
  high_water seen_;
};

}  // namespace godwit::store
