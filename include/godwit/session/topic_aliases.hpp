#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::session {

/// The aliases that a client has given to topics on one connection. [v5 MQTT-3.3.2-7] No memory
/// until the first one; at most as many topics as it may use aliases. One thread.
class incoming_aliases {
 public:
  /// The topic of a PUBLISH that carries `alias` (1 to the limit, which the caller has checked). A
  /// topic that is not empty becomes the alias's own. Nothing: an empty topic and no mapping. The
  /// text lives until the alias is given to another topic.
  [[nodiscard]] std::optional<std::string_view> resolve(std::uint16_t alias,
                                                        std::string_view topic);

 private:
  std::vector<std::string> topics_;  ///< by alias - 1; empty = none
};

/// The aliases that we give to topics on one connection: the least recently used one changes hands.
/// Everything that is asked for must be sent, in this order. One thread.
class outgoing_aliases {
 public:
  /// How many aliases may be used; 0 = none. [v5 MQTT-3.1.2-26] [v5 MQTT-3.1.2-27]
  void set_limit(std::uint16_t most) noexcept { most_ = most; }
  [[nodiscard]] bool are_allowed() const noexcept { return most_ != 0; }

  struct use {
    std::uint16_t alias = 0;
    bool is_known = false;  ///< the receiver has the topic: it can be left out
  };
  [[nodiscard]] use take(std::string_view topic);

 private:
  struct entry {
    std::string topic;
    std::uint64_t used = 0;
  };
  std::vector<entry> entries_;  ///< by alias - 1
  std::uint64_t uses_ = 0;
  std::uint16_t most_ = 0;
};

}  // namespace godwit::session
