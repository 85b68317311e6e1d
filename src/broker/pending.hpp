#pragma once

#include "session_slot.hpp"

#include <godwit/session/recorder.hpp>

#include <variant>

namespace godwit::broker {

/// What happens once everything an operation waits for is there.
namespace goal {

/// An answer of this connection may leave; for a QoS 2 PUBLISH its id is then committed.
struct answer {
  connection_handle connection;
  session_handle session;
  mqtt::packet_type type = mqtt::packet_type::puback;
  mqtt::packet_id id{};
};
/// A receipt goes to the shard that sent the publish.
struct receipt {
  routing::shard_id to{};
  pending_id theirs = 0;
};
/// The will is published: its record goes.
struct will {
  mqtt::message_number number{};
};
/// A message of a shared group has another member: the old one's entry goes.
struct handover {
  session_handle session;
  store::log_position position{};
};
/// The retained message is at home; the parked publish of this connection, or the broker's own, is
/// routed now.
struct retained {
  connection_handle connection;  ///< none: the message is the broker's own
  session_handle session;        ///< of the publisher, which may outlive its connection
  mqtt::packet_id id{};
  mqtt::message_number will{};  ///< not 0: it is this will
  session_handle publisher{};   ///< of a will: whose it is
};
/// One page of a retained replay.
struct page {
  replay_handle replay;
  routing::shard_id from{};
};
/// Nothing but the count of routed and unrouted.
struct count {
  session_handle publisher;  ///< none: it is not a client's
};

}  // namespace goal

using pending_goal = std::variant<goal::count, goal::answer, goal::receipt, goal::will,
                                  goal::handover, goal::retained, goal::page>;

/// A group's message on its way to a member on another shard; if that is gone, another is picked.
struct forwarded_share {
  routing::group_id group{};
  routing::group_member member;
  mqtt::qos quality = mqtt::qos::at_most_once;
  std::uint32_t number = 0;  ///< of this operation
};

/// An operation of this shard that waits for other shards, slow subscribers or the disk.
/// Collecting: until `outstanding` is 0. Then, if the message must take effect exactly once over a
/// crash, the commit record is written. Then until all it waits for on disk is durable.
struct pending_operation {
  pending_goal then;
  std::uint32_t outstanding = 1;  ///< answers and holds; 1 is the creator's own until it is done
  std::uint32_t matched = 0;
  base::steady_time since{};    ///< of an answer: when the turn began that read its packet
  store::ticket ticket{};       ///< the largest that any answer named
  session::batch_number batch;  ///< the last own batch that it wrote to
  base::ref<const mqtt::message> message;
  mqtt::message_number commit{};      ///< not 0: what others wrote is tentative under this number
  routing::shard_mask commit_to = 0;  ///< shards with tentative entries
  bool counts_publish = false;        ///< "routed" or "no subscriber" when collected
  bool needs_commit = false;          ///< somebody wrote a tentative entry
  bool is_collected = false;          ///< waits for the commits of earlier publishes
  bool is_refused = false;            ///< with `goal::retained`: it is not kept, for lack of room
  bool is_counted = false;            ///< as `counts_publish` says; it may still wait for the disk
  std::vector<forwarded_share> shares;
  std::uint32_t shares_made = 0;
};

/// Whose publish it is; none: not a client's.
[[nodiscard]] session_handle publisher_of(const pending_operation& p) noexcept;

}  // namespace godwit::broker
