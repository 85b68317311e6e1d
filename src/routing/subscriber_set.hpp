#pragma once

#include <godwit/mqtt/subscription_bits.hpp>
#include <godwit/routing/subscription.hpp>

#include <cstddef>
#include <cstdint>

namespace godwit::routing {

/// One subscription of a filter, or one shared group, in 8 bytes.
class subscriber_entry {
 public:
  constexpr subscriber_entry() noexcept = default;
  subscriber_entry(subscriber_id subscriber, const subscription_options& options) noexcept
      : id_{subscriber.value()},
        bits_{options.quality, options.no_local, options.retain_as_published, options.identifier} {}
  explicit subscriber_entry(group_id group) noexcept
      : id_{group.value()}, bits_{mqtt::subscription_bits::other()} {}

  [[nodiscard]] std::uint32_t id() const noexcept { return id_; }
  [[nodiscard]] bool is_group() const noexcept { return bits_.is_other(); }
  /// The same subscription, whatever its options.
  [[nodiscard]] bool is_same(const subscriber_entry& other) const noexcept {
    return id_ == other.id_ && is_group() == other.is_group();
  }
  [[nodiscard]] bool is_vacant() const noexcept { return bits_.word() == vacant_word; }

  [[nodiscard]] mqtt::qos quality() const noexcept { return bits_.quality(); }
  [[nodiscard]] bool no_local() const noexcept { return bits_.no_local(); }
  [[nodiscard]] bool retain_as_published() const noexcept { return bits_.retain_as_published(); }
  [[nodiscard]] std::uint32_t identifier() const noexcept { return bits_.identifier(); }

 private:
  static constexpr std::uint32_t vacant_word = 0xffffffff;  // groups have no identifier or flags

  std::uint32_t id_ = 0;
  mqtt::subscription_bits bits_{vacant_word};
};
static_assert(sizeof(subscriber_entry) == 8);

/// The subscriptions of one filter in 16 bytes: one is held in place, a few in an array, many in an
/// open-addressing table, so that a filter with 100,000 subscribers takes each in constant time.
class subscriber_set {
 public:
  subscriber_set() noexcept : single_{} {}
  ~subscriber_set() { release(); }
  subscriber_set(const subscriber_set&) = delete;
  subscriber_set& operator=(const subscriber_set&) = delete;

  /// False if it was there already: its options are the new ones.
  bool insert(const subscriber_entry& e);
  /// False if it was not there.
  bool erase(const subscriber_entry& e);

  /// Takes all entries of another set; it has none of its own.
  void take(subscriber_set& other) noexcept;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Bytes beyond the object itself.
  [[nodiscard]] std::size_t memory_size() const noexcept {
    return std::size_t{capacity_} * sizeof(subscriber_entry);
  }

  template <class Visit>
  void for_each(const Visit& visit) const {
    const subscriber_entry* const all = entries();
    const std::size_t end = is_table() ? capacity_ : size_;
    for (std::size_t at = 0; at < end; ++at) {
      if (!all[at].is_vacant()) visit(all[at]);
    }
  }

 private:
  static constexpr std::uint32_t array_max = 16;

  [[nodiscard]] bool is_table() const noexcept { return capacity_ > array_max; }
  [[nodiscard]] const subscriber_entry* entries() const noexcept {
    return capacity_ == 0 ? &single_ : many_;
  }
  [[nodiscard]] subscriber_entry* entries() noexcept { return capacity_ == 0 ? &single_ : many_; }
  [[nodiscard]] std::size_t home(const subscriber_entry& e) const noexcept;
  /// Where it is, or where a table has room for it.
  [[nodiscard]] subscriber_entry* locate(const subscriber_entry& e) noexcept;
  void erase_from_table(subscriber_entry* hole) noexcept;
  void resize(std::uint32_t capacity);
  void release() noexcept;

  union {
    subscriber_entry single_;
    subscriber_entry* many_;
  };
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  // 0: `single_`; to 16: an array; above: a table, a power of two
};

}  // namespace godwit::routing
