#pragma once

#include <godwit/store/records.hpp>

#include <functional>
#include <optional>

namespace godwit::store {

/// Names a submitted batch; grows in journal order, so "ticket n is durable" implies all before it.
/// 0 = nothing to wait for.
using ticket = base::strong<std::uint64_t, struct ticket_tag>;

/// One message in a restored log.
struct restored_entry {
  log_position position{};
  base::ref<const mqtt::message> message;
  mqtt::qos quality = mqtt::qos::at_least_once;
  bool retain = false;
  std::string share;
  mqtt::packet_id id{};   ///< 0 = was not sent
  bool received = false;  ///< PUBREC came: go on with PUBREL.
};
struct restored_subscription {
  std::string filter;
  mqtt::qos quality = mqtt::qos::at_most_once;
};
/// A session as of the last durable batch. Entries are in log order.
struct restored_session {
  session_number number{};
  std::string client_id;
  std::string owner;
  mqtt::protocol_version version = mqtt::protocol_version::v311;
  std::optional<base::wall_time> idle_since;  ///< nothing = it was connected
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

/// The port to durable state. `submit` and `durable` may be called from every shard's thread and
/// never wait for a disk.
class store {
 public:
  virtual ~store() = default;

  /// Takes a batch that is not empty. It is applied whole or, after a crash, not at all.
  [[nodiscard]] virtual ticket submit(batch&& records) = 0;
  /// The largest ticket that is safe.
  [[nodiscard]] virtual ticket durable() const noexcept = 0;
  /// Called, on any thread, after `durable()` has grown other than inside `submit`. Set before use.
  virtual void on_durable(std::function<void()> announce) = 0;

  /// Hands out everything that is durable, before any `submit`. Tentative messages whose commit is
  /// not in the journal are left out.
  virtual high_water recover(recovery_visitor& visitor) = 0;
};

}  // namespace godwit::store
