#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace godwit::observe {

/// What memory is used for. Each shard sweeps its own part about once a second; the last five are
/// of the whole process.
enum class memory_kind : std::uint8_t {
  connections,  // sockets, what has come in and is not complete
  output,       // what has not been sent; not the payloads, which are `messages`
  sessions,     // with their subscriptions
  queues,       // entries of the sessions' logs
  retained,     // the index and the messages in it
  filters,      // what routes: the tree of filters, and topics it has found before
  messages,     // every body in memory, but retained ones
  tls,          // OpenSSL's
  store,        // RocksDB's, and where the messages lie on disk
  base,         // what the process had before it served anybody
  allocator,    // free and not given back yet, between what is in use, and the allocator's own
  count_        // keep last
};
inline constexpr std::size_t memory_kinds = static_cast<std::size_t>(memory_kind::count_);
[[nodiscard]] std::string_view name(memory_kind k) noexcept;

/// What the broker does about little memory; each level does what those below it do.
enum class memory_level : std::uint8_t {
  enough,
  no_accepting,     ///< connections wait in the listeners' backlogs
  no_connects,      ///< CONNECT is refused: server busy
  slow_publishers,  ///< PUBLISH stays unread
  drop_unassured,   ///< QoS 0 goes only to those who have taken everything before
  count_            // keep last
};
[[nodiscard]] std::string_view name(memory_level l) noexcept;

/// The level for so much in use. A level ends a twentieth of the limit below where it began, so
/// that nothing flutters. `limit` 0: none.
[[nodiscard]] memory_level next_level(memory_level now, std::uint64_t in_use,
                                      std::uint64_t limit) noexcept;

/// How much memory the process has for itself, what for, and what that means. One thread sets it,
/// any thread reads it.
class memory_gauge {
 public:
  void set(std::uint64_t in_use) noexcept {
    current_.store(in_use, std::memory_order_relaxed);
    maximum_.store(std::max(in_use, maximum_.load(std::memory_order_relaxed)),
                   std::memory_order_relaxed);
  }
  void set(memory_level l) noexcept { level_.store(l, std::memory_order_relaxed); }
  void set_limit(std::uint64_t bytes) noexcept { limit_.store(bytes, std::memory_order_relaxed); }
  /// One of the process's parts.
  void set(memory_kind k, std::uint64_t bytes) noexcept {
    parts_[static_cast<std::size_t>(k)].store(bytes, std::memory_order_relaxed);
  }

  /// Nothing: not known.
  [[nodiscard]] std::optional<std::uint64_t> current() const noexcept { return known(current_); }
  /// The most that was ever set.
  [[nodiscard]] std::optional<std::uint64_t> maximum() const noexcept { return known(maximum_); }
  [[nodiscard]] std::uint64_t limit() const noexcept {
    return limit_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] memory_level level() const noexcept {
    return level_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t operator[](memory_kind k) const noexcept {
    return parts_[static_cast<std::size_t>(k)].load(std::memory_order_relaxed);
  }

 private:
  using cell = std::atomic<std::uint64_t>;
  [[nodiscard]] static std::optional<std::uint64_t> known(const cell& c) noexcept {
    const std::uint64_t bytes = c.load(std::memory_order_relaxed);
    return bytes == 0 ? std::nullopt : std::optional{bytes};
  }

  cell current_{0};
  cell maximum_{0};
  cell limit_{0};
  std::atomic<memory_level> level_{memory_level::enough};
  std::array<cell, memory_kinds> parts_{};
};

}  // namespace godwit::observe
