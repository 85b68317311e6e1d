#pragma once

#include <godwit/base/strong.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>

namespace godwit::routing {

/// A session on this shard: its slot number there. Never reused while the router still knows it.
using subscriber_id = base::strong<std::uint32_t, struct subscriber_id_tag>;
/// A shared group whose home is this shard.
using group_id = base::strong<std::uint32_t, struct group_id_tag>;

/// A thread with its own sessions; 0 to `shards - 1`, at most 64 of them.
using shard_id = base::strong<std::uint8_t, struct shard_id_tag>;
inline constexpr std::size_t shards_max = 64;
/// Bit n stands for shard n.
using shard_mask = std::uint64_t;

/// What a subscription was granted. The last three are MQTT 5 only.
struct subscription_options {
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  std::uint32_t identifier = 0;  ///< Subscription Identifier, 0 = none.
  friend bool operator==(const subscription_options&, const subscription_options&) = default;
};

}  // namespace godwit::routing
