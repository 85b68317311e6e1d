#pragma once

#include <godwit/mqtt/message.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::routing {

/// The retained messages at home on one shard, found by topic or by filter. One thread.
class retained_index {
 public:
  retained_index();
  ~retained_index();
  retained_index(const retained_index&) = delete;
  retained_index& operator=(const retained_index&) = delete;

  /// Of the index, for one message.
  static constexpr std::size_t node_bytes = 48;

  enum class outcome : std::uint8_t {
    stored,    ///< new topic
    replaced,  ///< an older message of this topic went
    cleared,   ///< an empty payload removed it [v311 MQTT-3.3.1-10]
    absent,    ///< an empty payload, and there was nothing
    older,     ///< the one we have has a higher retain_version: nothing changed
  };

  /// Sets (or, with an empty payload, clears) the retained message of its topic. The message with
  /// the highest `retain_version` wins, whatever order they come in; the version of a cleared topic
  /// is remembered until `forget_cleared_below` says that nothing older can still come.
  outcome set(base::ref<const mqtt::message> m);
  /// Drops the memory of cleared topics whose version is below `version`.
  void forget_cleared_below(std::uint64_t version);
  /// Removes whatever the topic holds (expiry, administration). True if there was one.
  bool erase(std::string_view topic);

  [[nodiscard]] base::ref<const mqtt::message> find(std::string_view topic) const;

  /// One page of what matches a checked filter. A page ends after `count_max` messages or once
  /// `bytes_max` of content is reached (at least one message), or when it has looked at some 2000
  /// topics, found something or not: only `next` says whether the walk is complete. `after`
  /// continues behind the topic where the page before ended; messages set or cleared between two
  /// pages may or may not be seen, all others exactly once. [v311 MQTT-4.7.2-1]
  struct page {
    std::vector<base::ref<const mqtt::message>> messages;
    std::optional<std::string> next;  ///< Pass as `after`; nothing when the walk is complete.
  };
  [[nodiscard]] page match(std::string_view filter, const std::optional<std::string>& after,
                           std::size_t count_max, std::size_t bytes_max) const;

  [[nodiscard]] std::size_t size() const noexcept;          ///< messages
  [[nodiscard]] std::size_t content_size() const noexcept;  ///< bytes of topics and payloads
  [[nodiscard]] std::size_t memory_size() const noexcept;   ///< bytes, messages included, about
  [[nodiscard]] std::size_t node_count() const noexcept;    ///< tree nodes, 0 when empty

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::routing
