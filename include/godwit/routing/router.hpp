#pragma once

#include <godwit/routing/interest_table.hpp>
#include <godwit/routing/subscription.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace godwit::routing {

/// One subscriber of a topic: overlapping subscriptions are already one, with the highest QoS,
/// "retain as published" if any asks for it, no_local only if all of them ask for it, and all
/// subscription identifiers. [v311 MQTT-3.3.5-1]
struct match {
  subscriber_id subscriber{};
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  bool no_local_partly = false;  ///< some subscriptions have it, others have not
  std::span<const std::uint32_t> identifiers;
};

/// Who gets a topic, as far as this shard knows. Valid until the next change or `resolve` call.
struct resolution {
  std::span<const match> subscribers;  ///< On this shard, in no particular order.
  std::span<const group_id> groups;    ///< Shared groups whose home is this shard.
  shard_mask others = 0;               ///< Other shards that may have matches (over-reports).
};

/// The routing of one shard: filters of its sessions, the shared groups at home here, a cache from
/// topic to the resolved list, and the shard's row in the broker's interest table. One thread.
class router {
 public:
  /// `interest` outlives the router. `cache_entries_max` bounds the topic cache.
  router(shard_id self, interest_table& interest, std::size_t cache_entries_max);
  ~router();
  router(const router&) = delete;
  router& operator=(const router&) = delete;

  enum class outcome : std::uint8_t { added, replaced };

  /// Adds or replaces the subscription of one session to one (checked, not shared) filter.
  /// When it returns, other shards see the interest.
  outcome subscribe(std::string_view filter, subscriber_id subscriber,
                    const subscription_options& options);
  /// False if there was none; compares the filter byte by byte. [v311 MQTT-3.10.4-1]
  bool unsubscribe(std::string_view filter, subscriber_id subscriber);

  /// The same for a shared group that has come to life, or lost its last member, on this shard.
  void add_group(std::string_view filter, group_id group);
  void remove_group(std::string_view filter, group_id group);

  /// Everything that matches a checked topic name. Does not allocate when the topic is cached.
  [[nodiscard]] const resolution& resolve(std::string_view topic);

  [[nodiscard]] std::size_t subscription_count() const noexcept;  ///< groups included
  [[nodiscard]] std::size_t node_count() const noexcept;          ///< trie nodes, root excluded
  [[nodiscard]] std::size_t memory_size() const noexcept;         ///< estimate, bytes

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::routing
