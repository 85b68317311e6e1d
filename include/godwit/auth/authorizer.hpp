#pragma once

#include <godwit/auth/principal.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <string_view>

namespace godwit::auth {

enum class action : std::uint8_t {
  publish,         ///< `topic` is a topic name
  publish_retain,  ///< the same with RETAIN set
  subscribe,       ///< `topic` is a filter, without "$share/group/"
  receive,         ///< `topic` is a topic name that matched a subscription
  will,            ///< `topic` is the will topic, judged at CONNECT and again when it is sent
  will_retain,     ///< the same with Will Retain set
};

struct decision {
  bool allowed = false;
  /// The highest QoS that is allowed: of a message that comes in, of a subscription, of a copy that
  /// goes out.
  mqtt::qos quality_max = mqtt::qos::exactly_once;
  /// What decided: "file:line", or "built-in: ...". For the log; lives as long as the rules do, so
  /// it is good until the end of the turn.
  const char* rule = "";

  [[nodiscard]] bool permits(mqtt::qos quality) const noexcept {
    return allowed && quality <= quality_max;
  }
};

/// The port that says what a client may do. Const, synchronous, no allocation: it stands on the
/// message path. One per shard, on its thread.
class authorizer {
 public:
  virtual ~authorizer() = default;
  [[nodiscard]] virtual decision check(const principal& who, std::string_view client_id,
                                       action what, std::string_view topic) const noexcept = 0;
  /// False: `check` allows every `receive`, so what was queued need not be judged again.
  [[nodiscard]] virtual bool limits_receivers() const noexcept { return true; }
};

/// Allows everything but publishing to topics under "$SYS", which belong to the broker.
class open_authorizer final : public authorizer {
 public:
  [[nodiscard]] decision check(const principal& who, std::string_view client_id, action what,
                               std::string_view topic) const noexcept override;
  [[nodiscard]] bool limits_receivers() const noexcept override { return false; }
};

}  // namespace godwit::auth
