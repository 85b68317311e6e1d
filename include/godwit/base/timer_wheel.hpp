#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/base/handle.hpp>
#include <godwit/base/slab.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace godwit::base {

/// Names one armed timer. Stale once the timer has fired or was cancelled.
using timer_token = handle<struct timer_tag>;

/// All deadlines of one shard: a hierarchical timing wheel of seven levels of 64 slots and ticks of
/// 10 ms, which reaches past the end of `steady_time`. For one thread.
///
/// A timer fires in the first `advance(now)` whose `now` has reached its deadline rounded up to a
/// whole tick: never early, less than a tick late. Arming and cancelling are O(1); each timer is
/// moved at most six times on its way; gaps are skipped, however long. `Payload` tells the owner
/// what is due; it is copied and kept small: 16 bytes of it make 40 bytes per armed timer.
template <class Payload>
class timer_wheel {
  static_assert(std::is_trivially_copyable_v<Payload>);

 public:
  static constexpr duration tick = std::chrono::milliseconds{10};

  timer_wheel() noexcept {
    for (std::uint32_t list = 0; list < list_count; ++list) {
      heads_[list] = {list | head_bit, list | head_bit};
    }
  }
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// Arms a timer. A deadline that has passed fires in the next `advance`; so does, when armed by
  /// `on_due`, one that the running `advance` has reached.
  timer_token schedule(steady_time deadline, Payload payload) {
    const auto armed = nodes_.emplace(tick_at_or_after(deadline), links{}, payload);
    if (nodes_[armed.index].due_tick <= now_tick_) {
      push_back(overdue_list, armed.index);
    } else {
      place(armed.index);
    }
    return {armed.index, armed.generation};
  }

  /// Disarms a timer. False when it has fired, was cancelled, or the token names none.
  bool cancel(timer_token token) noexcept {
    const typename slab_type::handle_type armed{token.index, token.generation};
    if (nodes_.find(armed) == nullptr) return false;
    unlink(armed.index);
    nodes_.erase(armed);
    return true;
  }

  /// Fires all that is due at `now`: `on_due(Payload)`, in the order of ticks, within a tick in no
  /// promised order. A timer's token is stale when it fires. `on_due` may arm and cancel, also
  /// timers that are due now; it must not call `advance`. A `now` that goes back counts as the
  /// latest one seen.
  template <class F>
  void advance(steady_time now, F&& on_due) {
    GODWIT_ASSERT(!advancing_);
    advancing_ = true;
    const std::uint64_t target = std::max(now_tick_, tick_at_or_before(now));
    now_tick_ = target;
    splice(overdue_list, firing_list);
    fire(on_due);
    for (auto next = next_slot(); next && next->start <= target; next = next_slot()) {
      position_ = next->start;
      if (next->list < slots_per_level) {
        splice(next->list, firing_list);
      } else {
        cascade(next->list);
      }
      fire(on_due);
    }
    position_ = target;
    advancing_ = false;
  }

  /// When `advance` has work next: not later than the first deadline rounded up to a tick, perhaps
  /// earlier, because a timer far away is first moved closer. In the past when something is
  /// overdue. Each `advance` at this time moves it on, so waiting for it cannot spin. Nothing when
  /// empty.
  [[nodiscard]] std::optional<steady_time> next_due() const noexcept {
    if (!is_list_empty(overdue_list)) return time_of(now_tick_);
    const auto next = next_slot();
    if (!next) return std::nullopt;
    return time_of(next->start);
  }

  /// Armed timers.
  [[nodiscard]] std::uint32_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return nodes_.empty(); }
  /// Heap bytes, for the memory ledger.
  [[nodiscard]] std::size_t allocated_bytes() const noexcept { return nodes_.allocated_bytes(); }
  [[nodiscard]] static constexpr std::size_t bytes_per_timer() noexcept {
    return slab_type::bytes_per_object();
  }

 private:
  static constexpr std::uint32_t level_bits = 6;
  static constexpr std::uint32_t slots_per_level = 1U << level_bits;
  static constexpr std::uint32_t levels = 7;  // 42 bits of ticks; an int64 of ns has 40
  // Lists are circular; their heads are linked like nodes, with the top bit set in the index.
  static constexpr std::uint32_t overdue_list = levels * slots_per_level;
  static constexpr std::uint32_t firing_list = overdue_list + 1;
  static constexpr std::uint32_t moving_list = firing_list + 1;
  static constexpr std::uint32_t list_count = moving_list + 1;
  static constexpr std::uint32_t head_bit = 0x8000'0000U;

  struct links {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  struct node {
    node(std::uint64_t due, links l, Payload p) noexcept : due_tick{due}, link{l}, payload{p} {}
    std::uint64_t due_tick;
    links link;
    Payload payload;
  };
  struct slot {
    std::uint32_t list;
    std::uint64_t start;  // tick
  };
  using slab_type = slab<node, 256>;

  [[nodiscard]] static std::uint64_t tick_at_or_before(steady_time t) noexcept {
    const auto since_boot = std::max(t.time_since_epoch(), duration::zero());
    return static_cast<std::uint64_t>(since_boot / tick);
  }
  [[nodiscard]] static std::uint64_t tick_at_or_after(steady_time t) noexcept {
    const auto since_boot = std::max(t.time_since_epoch(), duration::zero());
    return tick_at_or_before(t) + (since_boot % tick != duration::zero() ? 1U : 0U);
  }
  [[nodiscard]] static steady_time time_of(std::uint64_t ticks) noexcept {
    // The last tick, rounded up, would lie past the end of time.
    constexpr auto last = static_cast<std::uint64_t>(duration::max() / tick);
    return ticks > last ? steady_time::max()
                        : steady_time{static_cast<duration::rep>(ticks) * tick};
  }

  [[nodiscard]] links& link(std::uint32_t id) noexcept {
    return (id & head_bit) != 0 ? heads_[id & ~head_bit] : nodes_[id].link;
  }
  [[nodiscard]] bool is_list_empty(std::uint32_t list) const noexcept {
    return heads_[list].next == (list | head_bit);
  }

  /// Links a node into the slot that says how its due tick differs from the wheel's position: the
  /// highest differing digit (base 64) is the level, the tick's digit there is the slot. So all
  /// nodes of a level agree with the position in the higher digits and lie after it in this one.
  void place(std::uint32_t index) noexcept {
    const std::uint64_t due = nodes_[index].due_tick;
    GODWIT_ASSERT(due > position_);
    const auto differing_bits = static_cast<std::uint32_t>(std::bit_width(due ^ position_));
    const std::uint32_t level = (differing_bits - 1) / level_bits;
    const auto digit = static_cast<std::uint32_t>(due >> (level * level_bits)) % slots_per_level;
    occupied_[level] |= std::uint64_t{1} << digit;
    push_back(level * slots_per_level + digit, index);
  }

  /// The slot that comes first: slots of a lower level lie before all of a higher one.
  [[nodiscard]] std::optional<slot> next_slot() const noexcept {
    for (std::uint32_t level = 0; level < levels; ++level) {
      if (occupied_[level] == 0) continue;
      const auto digit = static_cast<std::uint32_t>(std::countr_zero(occupied_[level]));
      const std::uint32_t shift = level * level_bits;
      const std::uint64_t higher_digits =
          (position_ >> shift) & ~std::uint64_t{slots_per_level - 1};
      return slot{level * slots_per_level + digit, (higher_digits | digit) << shift};
    }
    return std::nullopt;
  }

  /// Moves the nodes of the slot that `position_` has reached to lower levels, or to be fired.
  void cascade(std::uint32_t list) noexcept {
    splice(list, moving_list);
    while (!is_list_empty(moving_list)) {
      const std::uint32_t index = heads_[moving_list].next;
      unlink(index);
      if (nodes_[index].due_tick > position_) {
        place(index);
      } else {
        push_back(firing_list, index);
      }
    }
  }

  template <class F>
  void fire(F& on_due) {
    while (!is_list_empty(firing_list)) {
      const std::uint32_t index = heads_[firing_list].next;
      const Payload payload = nodes_[index].payload;
      unlink(index);
      nodes_.erase(nodes_.handle_of(index));
      on_due(payload);
    }
  }

  void push_back(std::uint32_t list, std::uint32_t index) noexcept {
    const std::uint32_t head = list | head_bit;
    const std::uint32_t last = heads_[list].previous;
    nodes_[index].link = {head, last};
    link(last).next = index;
    heads_[list].previous = index;
  }

  void unlink(std::uint32_t index) noexcept {
    const links l = nodes_[index].link;
    link(l.previous).next = l.next;
    link(l.next).previous = l.previous;
    if (l.next == l.previous && (l.next & head_bit) != 0) clear_occupied(l.next & ~head_bit);
  }

  /// Moves all nodes of one list to an empty one.
  void splice(std::uint32_t from, std::uint32_t to) noexcept {
    GODWIT_ASSERT(is_list_empty(to));
    if (is_list_empty(from)) return;
    heads_[to] = heads_[from];
    link(heads_[to].next).previous = to | head_bit;
    link(heads_[to].previous).next = to | head_bit;
    heads_[from] = {from | head_bit, from | head_bit};
    clear_occupied(from);
  }

  void clear_occupied(std::uint32_t list) noexcept {
    if (list >= overdue_list) return;
    occupied_[list / slots_per_level] &= ~(std::uint64_t{1} << (list % slots_per_level));
  }

  slab_type nodes_;
  std::array<links, list_count> heads_{};
  std::array<std::uint64_t, levels> occupied_{};  // a bit per slot that has nodes
  std::uint64_t position_ = 0;                    // the tick that slots are relative to
  std::uint64_t now_tick_ = 0;                    // of the latest `advance`
  bool advancing_ = false;
};

}  // namespace godwit::base
