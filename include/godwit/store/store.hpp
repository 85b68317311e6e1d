#pragma once

#include <godwit/store/records.hpp>

#include <cstddef>
#include <functional>
#include <optional>

namespace godwit::store {

/// Names a submitted batch; grows in journal order, so "ticket n is durable" implies all before it.
/// 0 = nothing to wait for.
using ticket = base::strong<std::uint64_t, struct ticket_tag>;

/// What a session's log knows of a message while its body lies in the store only.
struct message_summary {
  mqtt::message_number number{};
  std::uint32_t content_size = 0;  ///< topic, properties and payload
  base::wall_time arrival{};
  std::optional<std::uint32_t> expiry_s{};
};

/// One message in a restored log.
struct restored_entry {
  log_position position{};
  base::ref<const mqtt::message> message;  ///< none: the body was left in the store
  message_summary summary{};               ///< always
  mqtt::qos quality = mqtt::qos::at_least_once;
  bool retain = false;
  std::string share;
  mqtt::packet_id id{};   ///< 0 = was not sent
  bool received = false;  ///< PUBREC came: go on with PUBREL.
  std::vector<std::uint32_t> identifiers{};
};
struct restored_subscription {
  std::string filter;
  subscription_terms terms{};
};
/// A session as of the last durable batch. Entries are in log order.
struct restored_session {
  session_number number{};
  std::string client_id;
  std::string owner;
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  std::optional<base::wall_time> idle_since;       ///< nothing = it was connected
  std::optional<std::uint32_t> expires_after_s{};  ///< see `session_expires`
  bool ended = false;  ///< Only messages of shared groups are left, waiting to be handed over.
  log_position next_position{};
  std::vector<restored_subscription> subscriptions;
  std::vector<restored_entry> entries;
  std::vector<mqtt::packet_id> qos2_received;
};
struct restored_will {
  std::string client_id;
  base::ref<const mqtt::message> message;
  std::uint16_t keep_alive_s = 0;
  std::uint32_t delay_s = 0;
};

/// Takes what `recover` finds.
class recovery_visitor {
 public:
  virtual ~recovery_visitor() = default;
  virtual void on_session(restored_session session) = 0;
  virtual void on_will(restored_will will) = 0;
  virtual void on_retained(base::ref<const mqtt::message> message) = 0;
};

/// The largest numbers ever given out; the broker continues above them.
struct high_water {
  std::uint64_t session_number = 0;
  std::uint64_t message_number = 0;
  std::uint64_t retain_version = 0;
};

/// How the store is. Never renumber: metrics show the number.
enum class condition : std::uint8_t {
  good = 0,
  low_disk = 1,  ///< refuse what makes new durable state; what is submitted still becomes durable
  full = 2,      ///< nothing becomes durable until there is space again; then it goes on by itself
  failed = 3,    ///< final: nothing more becomes durable; the process has to end
};

/// Asks for bodies of messages that a persistent session still has in its log.
struct fetch_request {
  std::uint8_t shard = 0;  ///< who asks
  std::uint64_t id = 0;    ///< comes back with the answer
  std::vector<mqtt::message_number> messages;
};
/// The bodies, in the order they were asked for; none where the store has no such message.
struct fetched {
  std::uint64_t id = 0;
  std::vector<base::ref<const mqtt::message>> messages;
};

/// The port to durable state. Everything but `recover` may be called from every shard's thread and
/// never waits for a disk.
class store {
 public:
  virtual ~store() = default;

  /// Takes a batch that is not empty. It is applied whole or, after a crash, not at all.
  [[nodiscard]] virtual ticket submit(batch&& records) = 0;
  /// What is submitted from here to `release`, by anybody, may begin its way to the disk at
  /// `release` only, so that it has one commit in common. For a short time; calls may overlap, each
  /// with its own `release`, and what waits goes at the first of these.
  virtual void hold() noexcept {}
  virtual void release() noexcept {}
  /// The largest ticket that is safe.
  [[nodiscard]] virtual ticket durable() const noexcept = 0;
  /// Called, on any thread, after `durable()` has grown other than inside `submit`, after fetched
  /// bodies have come, and after `state()` or `has_room()` has changed. When this returns, nothing
  /// of the announcement before it runs any more; so an announcement must not call it.
  virtual void on_news(std::function<void()> announce) = 0;

  [[nodiscard]] virtual condition state() const noexcept = 0;
  /// False: more waits for the disk than is good. `submit` takes it all the same; whoever can make
  /// publishers wait does so.
  [[nodiscard]] virtual bool has_room() const noexcept = 0;

  /// Starts to fetch bodies; every message must be in a durable log entry that the asking shard has
  /// not removed. The answer comes through `take_fetched` of the same shard.
  virtual void fetch(fetch_request&& wanted) = 0;
  /// Answers to this shard's fetches that have come, oldest first.
  [[nodiscard]] virtual std::vector<fetched> take_fetched(std::uint8_t shard) = 0;

  /// Hands out everything that is durable, before any `submit`. Tentative messages whose commit is
  /// not in the journal are left out.
  virtual high_water recover(recovery_visitor& visitor) = 0;
};

}  // namespace godwit::store
