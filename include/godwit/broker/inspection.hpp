#pragma once

#include <godwit/broker/history.hpp>
#include <godwit/mqtt/message.hpp>
#include <godwit/mqtt/types.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/store/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::broker {

struct shard_engine;

/// One session as operators see it.
struct client_view {
  std::string client_id;
  std::string user;  ///< empty: anonymous
  mqtt::protocol_version version{};
  bool is_persistent = false;
  std::uint32_t expiry_s = 0;  ///< after its connection ended; 0xffffffff = never
  std::size_t subscriptions = 0;
  std::uint32_t queued = 0;       ///< messages in its log, in flight included
  std::uint32_t queued_most = 0;  ///< since the start; what is gone counts up to 65,535
  std::uint64_t queued_bytes = 0;
  std::uint32_t inflight = 0;
  bool has_will = false;

  bool is_connected = false;
  // What follows is of its connection.
  std::string address;
  std::string listener;
  base::wall_time connected_at{};
  std::uint16_t keep_alive_s = 0;
  std::size_t unsent_bytes = 0;
};

struct client_page {
  std::vector<client_view> clients;
  std::optional<std::uint32_t> next;  ///< pass as `from`; nothing: that was all
};

struct client_history {
  client_view now;
  std::vector<history_entry> entries;  ///< what is remembered, oldest first
};

struct subscription_view {
  std::string client_id;
  std::string filter;  ///< "$share/..." included
  store::subscription_terms terms;
};
struct subscription_page {
  std::vector<subscription_view> subscriptions;
  std::optional<std::uint32_t> next;
};

/// One message in a session's log.
struct queued_view {
  std::uint64_t position = 0;
  std::uint64_t number = 0;
  std::string_view state;  ///< "queued", "sent", ...
  mqtt::qos quality{};
  std::uint16_t packet_id = 0;  ///< 0 = none yet
  std::uint32_t size = 0;       ///< topic, properties and payload
  base::wall_time arrival{};
  base::ref<const mqtt::message> message;  ///< null: its body lies in the store only
};

struct retained_view {
  std::vector<base::ref<const mqtt::message>> messages;
  std::optional<std::string> next;  ///< pass as `after`
};

struct drain_step {
  std::size_t ended = 0;              ///< connections by this step
  std::size_t left = 0;               ///< that the shard still has
  std::optional<std::uint32_t> next;  ///< pass as `from`; nothing: every place was looked at
};

/// What operators may ask a shard and tell it. On the shard's thread, in a turn; every call does a
/// bounded amount of work, so that clients do not feel it: longer lists come in pages, and who asks
/// lets the shard go on in between. What begins or ends between two pages may be seen or not.
class inspection {
 public:
  explicit inspection(shard_engine& of) noexcept : shard_{of} {}

  /// Sessions whose home is here.
  [[nodiscard]] client_page list_clients(std::uint32_t from) const;
  [[nodiscard]] std::optional<client_history> find_client(std::string_view client_id) const;
  [[nodiscard]] subscription_page list_subscriptions(std::uint32_t from) const;
  [[nodiscard]] std::optional<std::vector<subscription_view>> subscriptions_of(
      std::string_view client_id) const;
  /// The first messages of a session's log. Nothing: no such session.
  [[nodiscard]] std::optional<std::vector<queued_view>> peek(std::string_view client_id,
                                                             std::uint32_t most) const;
  /// Retained messages at home here that match a checked filter.
  [[nodiscard]] retained_view list_retained(std::string_view filter,
                                            const std::optional<std::string>& after) const;
  [[nodiscard]] bool has_retained(std::string_view topic) const;

  /// Ends the client's connection; its session stays. False: it has none.
  bool disconnect(std::string_view client_id);
  /// Ends the session with all that it holds, and its connection. False: there is none.
  bool end_session(std::string_view client_id);
  /// The broker itself publishes; rights are not asked. An empty payload with `retain` clears the
  /// topic. False: the disk is low, nothing was published.
  bool publish(std::string_view topic, base::bytes_view payload, mqtt::qos quality, bool retain);

  /// From here on no new connection is taken.
  void begin_drain();
  /// Ends up to `most` connections, from a place on. Wills are sent.
  drain_step drain(std::uint32_t from, std::size_t most);
  void end_drain();
  /// The last of the batches that hold what has changed here so far.
  [[nodiscard]] session::batch_number last_change() const noexcept;
  [[nodiscard]] bool is_durable(session::batch_number batch) const noexcept;

 private:
  shard_engine& shard_;
};

}  // namespace godwit::broker
