#pragma once

#include <godwit/base/slot_table.hpp>
#include <godwit/routing/router.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::routing {

/// An answer of the router with the memory its views point into. Moving keeps the views good.
struct resolved_topic {
  resolution answer;
  std::vector<match> subscribers;
  std::vector<group_id> groups;
  std::vector<std::uint32_t> identifiers;

  [[nodiscard]] std::size_t memory_size() const noexcept {
    return subscribers.capacity() * sizeof(match) + groups.capacity() * sizeof(group_id) +
           identifiers.capacity() * sizeof(std::uint32_t);
  }
};

/// What is remembered for one topic, and of which state of the world it was true.
struct cached_topic {
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  std::string topic;
  std::uint64_t filters_generation = never;
  std::uint64_t interest_generation = never;
  std::uint32_t hash = 0;
  bool recently_used = false;
  resolved_topic resolved;
};

/// Topics and their resolved lists, bounded in entries and in bytes; the clock algorithm decides
/// what goes. Pointers into it last until the next `insert`. One thread.
class topic_cache {
 public:
  /// Longer topics are resolved each time: nobody fills the memory with names.
  static constexpr std::size_t topic_size_max = 1024;

  explicit topic_cache(std::size_t entries_max);

  [[nodiscard]] cached_topic* find(std::string_view topic, std::uint32_t hash) noexcept {
    const std::uint32_t at = index_.find(
        hash, [&](std::uint32_t candidate) { return entries_[candidate].topic == topic; });
    if (at == base::slot_table::none) return nullptr;
    entries_[at].recently_used = true;
    return &entries_[at];
  }

  /// Is a topic that is not there worth a place? Some hundreds always; then one that was asked for
  /// not long ago. To remember one costs far more than to resolve one, so topics that come once
  /// take no memory, and topics that come in turn and are too many do not push each other out.
  [[nodiscard]] bool admits(std::uint32_t hash);
  /// Would a list of this many bytes, for this topic, be kept?
  [[nodiscard]] bool accepts(std::string_view topic, std::size_t bytes) const noexcept;
  /// Remembers a topic that is not there, and forgets others if need be. Only what is accepted.
  cached_topic& insert(std::string_view topic, std::uint32_t hash, resolved_topic&& resolved);
  /// Exchanges the list of an entry for another, accepted one; others may have to go.
  void exchange(cached_topic& entry, resolved_topic& resolved) noexcept;
  void erase(cached_topic& entry) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] std::size_t memory_size() const noexcept;

 private:
  /// A list's share of the cache: with eight subscribers per entry on average it is never short.
  static constexpr std::size_t bytes_per_entry = 8 * sizeof(match);
  static constexpr std::size_t bytes_max_least = std::size_t{4} << 20;

  void evict_one(const cached_topic* except) noexcept;

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of all lists
  std::vector<cached_topic> entries_;
  std::vector<std::uint32_t> vacant_;  // entries that lost their topic
  base::slot_table index_;
  std::size_t hand_ = 0;
  /// Marks of hashes that were asked for and not admitted; empty while there are few topics.
  std::vector<std::uint16_t> asked_;
  std::uint32_t toss_ = 0;
};

}  // namespace godwit::routing
