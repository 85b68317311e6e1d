#pragma once

#include "client_books.hpp"
#include "connection.hpp"
#include "session_replays.hpp"

#include <godwit/base/ring.hpp>
#include <godwit/session/message_log.hpp>
#include <godwit/session/qos2_receiver.hpp>
#include <godwit/session/subscription_table.hpp>

#include <memory>
#include <string>
#include <vector>

namespace godwit::broker {

/// A will that is held for a connection, or waits to be published.
struct held_will {
  base::ref<const mqtt::message> message;
  std::uint16_t keep_alive_s = 0;
  std::uint32_t delay_s = 0;  ///< Will Delay Interval
};

/// A will of a connection from before the restart.
struct restored_will {
  base::ref<const mqtt::message> message;
  base::steady_time due{};
  bool ends_with_session = false;  ///< it has a delay
};

/// Things that few sessions have at any time.
struct session_extras {
  std::unique_ptr<session_replays> replays;
  std::vector<pending_id> held;  ///< publishes that wait until this subscriber has caught up
  base::timer_token held_until;
  base::timer_token will_due;  ///< its connection ended, and the will waits for its delay
  base::timer_token handover;  ///< messages of shared groups move on while it is away
  /// QoS 2 publishes of this client whose commit records are not written yet, in its order.
  base::ring<pending_id> commits;
  std::uint32_t reported_load = 0;  ///< what its groups know of its log; least in flight only
  bool hands_over = false;          ///< its shared messages go to other members now
  std::uint32_t handovers = 0;      ///< of its messages, on their way to other members
  bool is_fetching = false;         ///< bodies of its messages are on their way from the store
  /// Retained publishes of earlier connections that are not at home yet: what the client publishes
  /// next must not overtake them.
  std::uint32_t late_publishes = 0;
};

/// A session at its home shard, connected or not. Its place in the slab is its `subscriber_id`.
struct session_slot {
  std::string client_id;
  auth::principal owner;
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  bool is_pump_listed : 1 = false;
  bool is_output_full : 1 = false;  ///< as its connection says: not to be pumped until that ends
  bool has_shared : 1 = false;      ///< is or was a member of a shared group
  bool ended : 1 = false;           ///< only messages of shared groups are left, on their way
  bool overflow_logged : 1 = false;
  bool expires_as_asked : 1 = false;  ///< its client, not the configuration, said when
  std::uint16_t queued_most = 0;      ///< messages in its log since the start; stops at its largest
  std::uint32_t expiry_s = 0;         ///< after its connection ended; `never` = never
  connection_handle connection;
  session::message_log log;
  session::subscription_table subscriptions;
  session::qos2_receiver received;
  std::unique_ptr<held_will> will;
  std::unique_ptr<session_extras> extras;
  base::timer_token expiry;
  /// By its client; after a restart and until it connects, when its last connection ended.
  base::steady_time last_acknowledged{};

  [[no_unique_address]] client_books books;

  static constexpr std::uint16_t queued_most_max = 0xFFFF;
  static constexpr std::uint32_t never = 0xFFFF'FFFF;

  /// 0 = ends with its connection.
  [[nodiscard]] store::session_number number() const noexcept { return log.session(); }
  [[nodiscard]] bool is_persistent() const noexcept { return log.is_persistent(); }
  [[nodiscard]] bool is_replaying() const noexcept {
    return extras && extras->replays && extras->replays->are_under_way();
  }
  [[nodiscard]] session_extras& extra() {
    if (!extras) extras = std::make_unique<session_extras>();
    return *extras;
  }
};

struct shard_engine;
/// Stops a test build when a session's books do not add up.
void check_books(shard_engine& e, session_handle h, const session_slot& s) noexcept;

}  // namespace godwit::broker
