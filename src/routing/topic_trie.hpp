#pragma once

#include "level_text.hpp"
#include "slot_table.hpp"
#include "subscriber_set.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace godwit::routing {

/// Topic filters as a tree of levels. Nodes are 48 bytes in chunks, named by number; the edges of
/// all literal levels share one hash table keyed by (parent, level), so a node costs the same with
/// one child or a million; '+' and '#' have a place of their own. Nothing recurses. One thread.
class topic_trie {
 public:
  /// `seed` keeps peers from choosing levels that collide.
  explicit topic_trie(std::uint64_t seed);

  struct inserted {
    bool new_entry = false;
    bool new_filter = false;  ///< The filter's first entry.
  };
  /// Adds an entry to a checked filter, or replaces its options.
  inserted insert(std::string_view filter, const subscriber_entry& e);

  struct erased {
    bool found = false;
    bool last_of_filter = false;
  };
  /// Finds the filter byte by byte. [v311 MQTT-3.10.4-1] Nodes that hold nothing any more are
  /// freed.
  erased erase(std::string_view filter, const subscriber_entry& e);

  /// Appends the non-empty sets of all filters that match a checked topic. [v311 MQTT-4.7.1-2]
  /// [v311 MQTT-4.7.1-3] [v311 MQTT-4.7.2-1] They live until the next change. The cost is linear in
  /// the topic's levels times the filters' branches that are still in the race at each.
  void match(std::string_view topic, std::vector<const subscriber_set*>& out);

  [[nodiscard]] std::size_t node_count() const noexcept { return node_count_; }  ///< root excluded
  [[nodiscard]] std::size_t memory_size() const noexcept;

 private:
  using node_id = std::uint32_t;
  static constexpr node_id none = 0;  // the root is nobody's child
  static constexpr node_id root = 0;
  static constexpr std::size_t chunk_size = 256;

  struct node {
    level_text level;
    subscriber_set subscribers;
    node_id parent = none;  // of a free node: the next free one
    std::uint32_t literal_children = 0;
    node_id single_level = none;  // '+'
    node_id multi_level = none;   // '#'
  };
  static_assert(sizeof(node) == 48);

  [[nodiscard]] node& at(node_id id) noexcept { return chunks_[id / chunk_size][id % chunk_size]; }
  [[nodiscard]] static std::uint32_t edge_hash(node_id parent, std::uint64_t level_hash) noexcept;
  [[nodiscard]] node_id child(node_id parent, std::string_view level,
                              std::uint64_t level_hash) noexcept;
  [[nodiscard]] node_id find(std::string_view filter) noexcept;
  [[nodiscard]] node_id step(node_id from, std::string_view level) noexcept;
  node_id create(node_id from, std::string_view level);
  [[nodiscard]] node_id allocate();
  void prune(node_id leaf) noexcept;
  void reset() noexcept;

  std::uint64_t seed_;
  std::vector<std::unique_ptr<node[]>> chunks_;
  slot_table edges_;
  node_id free_ = none;
  node_id fresh_ = 1;  // the lowest number never used
  std::size_t node_count_ = 0;
  std::size_t extra_bytes_ = 0;  // long levels and large sets
  std::vector<node_id> active_;  // scratch of `match`
  std::vector<node_id> next_;
};

}  // namespace godwit::routing
