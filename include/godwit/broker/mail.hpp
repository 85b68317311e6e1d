#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/mqtt/message.hpp>
#include <godwit/routing/shared_groups.hpp>
#include <godwit/routing/subscription.hpp>
#include <godwit/store/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What shards send one another. Three classes with credit of their own, so that none can block
/// another: handling a request may send forwards and replies, handling a forward may send replies.
/// Replies need no credit, the outstanding requests bound them; two of them may go on with what
/// they answer (a refused `share_answer` with the next member, a `retained_page` with the next
/// page), which keeps the number outstanding.

namespace godwit::broker {

/// Names something that waits for answers on the shard that sent the mail; 0 = wants no answer.
using pending_id = std::uint64_t;

namespace mail {

// ---- requests ----------------------------------------------------------------------------------

/// A message for whoever matches on the receiving shard. Answer: `receipt`.
struct publish {
  pending_id pending = 0;
  base::ref<const mqtt::message> message;
  mqtt::message_number commit{};  ///< not 0: log entries of persistent sessions are tentative
  bool delegated_count = false;   ///< the receiver counts "routed" or "no subscriber"
};
/// A retained message for the shard where its topic is at home. Goes out before the message is
/// routed, so that a subscriber that the routing misses finds it there. Answer: `receipt`.
struct retain {
  pending_id pending = 0;
  base::ref<const mqtt::message> message;
};
/// Asks for what is retained; the answer is one `retained_page`, and another request follows it.
struct retained_query {
  pending_id pending = 0;
  std::string filter;
  std::optional<std::string> after;
};
/// A session joins or leaves a shared group at home on the receiving shard. Answer: `group_answer`.
struct group_join {
  pending_id pending = 0;
  std::string group;
  std::string filter;
  routing::group_member member;
  routing::subscription_options options;
};
struct group_leave {
  pending_id pending = 0;
  std::string group;
  std::string filter;
  routing::group_member member;
};
/// A member connected or disconnected, or has less on its way than before. No answer.
struct group_presence {
  std::string group;
  std::string filter;
  routing::group_member member;
  bool connected = false;
  std::uint32_t load = 0;  ///< messages on their way to it
};
/// A message that its member cannot deliver any more: give it to another one. Answer: `receipt`,
/// with `matched` 0 if there is nobody.
struct share_return {
  pending_id pending = 0;
  std::string share;  ///< "$share/group/filter"
  mqtt::qos quality = mqtt::qos::at_most_once;
  base::ref<const mqtt::message> message;
  routing::group_member from;
  mqtt::message_number commit{};
};
/// An authenticated connection goes home: CONNECT and all bytes behind it, as received.
struct connection {
  std::unique_ptr<detached_transport> transport;
  peer_info peer;
  auth::principal who;
  base::bytes login_data;  ///< for the CONNACK, from an enhanced authentication
  base::bytes input;
  base::steady_time opened{};
};

// ---- forwards ----------------------------------------------------------------------------------

/// A group's shard gives a message to the member it picked. Answer: `share_answer`.
struct share_deliver {
  pending_id pending = 0;
  base::ref<const mqtt::message> message;
  routing::group_member member;
  routing::subscription_options options;
  std::string share;  ///< "$share/group/filter"
  mqtt::message_number commit{};
  std::uint32_t number = 0;  ///< tells deliveries of one pending apart
};

// ---- replies -----------------------------------------------------------------------------------

/// Everything on the sending shard has taken the message.
struct receipt {
  pending_id pending = 0;
  store::ticket ticket{};     ///< what it waits for; 0 = nothing durable
  std::uint32_t matched = 0;  ///< sessions that got a copy
  bool wants_commit = false;  ///< tentative entries wait for `commit`
  bool is_refused = false;    ///< of `retain`: there is no room to keep it
};
/// The commit record of `number` has this ticket; deliver once it is durable.
struct commit {
  mqtt::message_number number{};
  store::ticket ticket{};
};
struct retained_page {
  pending_id pending = 0;
  std::vector<base::ref<const mqtt::message>> messages;
  std::optional<std::string> next;
};
struct group_answer {
  pending_id pending = 0;
};
struct share_answer {
  pending_id pending = 0;
  store::ticket ticket{};
  bool taken = false;  ///< false: the member is gone, pick another
  bool wants_commit = false;
  std::uint32_t number = 0;
  std::uint32_t load = 0;  ///< messages on their way to the member, this one included
};
/// Credit comes back: mails of each class that were handled since the last one. Has none of its
/// own.
struct credit {
  std::uint32_t requests = 0;
  std::uint32_t forwards = 0;
};

}  // namespace mail

using letter =
    std::variant<mail::publish, mail::retain, mail::retained_query, mail::group_join,
                 mail::group_leave, mail::group_presence, mail::share_return, mail::connection,
                 mail::share_deliver, mail::receipt, mail::commit, mail::retained_page,
                 mail::group_answer, mail::share_answer, mail::credit>;

/// What one shard has for another at the end of a turn, in order.
struct mail_batch {
  std::vector<letter> letters;
};

enum class mail_class : std::uint8_t { request, forward, reply };
[[nodiscard]] mail_class class_of(const letter& l) noexcept;

}  // namespace godwit::broker
