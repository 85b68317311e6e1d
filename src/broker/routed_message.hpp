#pragma once

#include "session_slot.hpp"

#include <godwit/mqtt/message.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/store/store.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace godwit::broker {

struct shard_engine;

/// What a PUBLISH of a client or of the broker itself needs on its way through a shard: a view into
/// the input, and the shared message once somebody has to keep it.
class routed_message {
 public:
  explicit routed_message(base::ref<const mqtt::message> m)
      : fields_{m->fields()}, message_{std::move(m)} {}
  explicit routed_message(const mqtt::message_fields& fields) noexcept : fields_{fields} {}

  [[nodiscard]] const mqtt::message_fields& fields() const noexcept { return fields_; }
  /// Before anybody keeps it.
  void set_retain_version(std::uint64_t version) noexcept { fields_.retain_version = version; }
  /// When it was read, if that was in an earlier turn.
  [[nodiscard]] const std::optional<base::steady_time>& read_at() const noexcept {
    return read_at_;
  }
  void set_read_at(base::steady_time when) noexcept { read_at_ = when; }
  [[nodiscard]] bool is_kept() const noexcept { return static_cast<bool>(message_); }
  [[nodiscard]] const base::ref<const mqtt::message>& kept(shard_engine& e);

 private:
  mqtt::message_fields fields_;
  base::ref<const mqtt::message> message_;
  std::optional<base::steady_time> read_at_;
};

/// A payload above this is sent from where it lies.
inline constexpr std::size_t by_reference_above = 4'096;

/// The QoS 0 form of the message being routed, without and with properties.
struct shared_wires {
  struct wire {
    base::bytes bytes;
    bool is_made = false;
  };
  std::array<wire, 2> of;
  void forget() noexcept {
    for (wire& w : of) w.is_made = false;
  }
};

/// A PUBLISH that its client cannot take.
struct unsendable {
  mqtt::packet_id id{};
  std::size_t size = 0;
};

/// How one subscriber gets its copy.
struct copy_terms {
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool retain = false;     ///< RETAIN of the copy
  bool is_replay = false;  ///< a retained message, for a subscription that was made
  std::span<const std::uint32_t> identifiers{};
  std::string_view share{};       ///< "$share/group/filter" it comes through, or empty
  mqtt::message_number commit{};  ///< not 0: tentative
};

/// How delivering to this shard's sessions went.
struct delivery {
  std::uint32_t matched = 0;
  bool durable = false;              ///< records were written to the open batch
  bool tentative = false;            ///< under the commit number
  std::vector<session_handle> slow;  ///< subscribers that ask the publisher to wait
};

/// What an answer to a publish waits for on disk before anybody has matched.
struct disk_needs {
  store::ticket ticket{};
  session::batch_number batch;
};

/// A PUBLISH as it goes to one client; what a version cannot say is left out.
struct outgoing_copy {
  std::string_view topic;
  base::bytes_view payload;
  base::bytes_view properties;  ///< forwardable
  std::optional<std::uint32_t> expiry_s;
  base::wall_time arrival;
  mqtt::packet_id id{};
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool dup = false;
  bool retain = false;
  std::span<const std::uint32_t> identifiers;
  base::ref<const mqtt::message> attached{};  ///< the payload's, to be sent from where it lies
};

}  // namespace godwit::broker
