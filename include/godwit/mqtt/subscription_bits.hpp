#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>

namespace godwit::mqtt {

/// What a subscription was granted, in one word: a Subscription Identifier has 28 bits [v5 1.5.5],
/// which leaves four for QoS and flags. The fourth value of the QoS is none; who keeps such words
/// may use it for what is no subscription.
class subscription_bits {
 public:
  subscription_bits(qos quality, bool no_local, bool retain_as_published,
                    std::uint32_t identifier) noexcept
      : word_{identifier | static_cast<std::uint32_t>(quality) << quality_shift |
              (no_local ? no_local_bit : 0) | (retain_as_published ? as_published_bit : 0)} {
    GODWIT_ASSERT(identifier <= identifier_max && !is_other());
  }
  /// `word` was one's before.
  constexpr explicit subscription_bits(std::uint32_t word) noexcept : word_{word} {}
  /// What is no subscription.
  [[nodiscard]] static constexpr subscription_bits other() noexcept {
    return subscription_bits{other_quality << quality_shift};
  }

  [[nodiscard]] constexpr std::uint32_t word() const noexcept { return word_; }
  [[nodiscard]] constexpr bool is_other() const noexcept {
    return (word_ >> quality_shift & 3U) == other_quality;
  }
  [[nodiscard]] constexpr qos quality() const noexcept {
    return static_cast<qos>(word_ >> quality_shift & 3U);
  }
  [[nodiscard]] constexpr bool no_local() const noexcept { return (word_ & no_local_bit) != 0; }
  [[nodiscard]] constexpr bool retain_as_published() const noexcept {
    return (word_ & as_published_bit) != 0;
  }
  [[nodiscard]] constexpr std::uint32_t identifier() const noexcept {
    return word_ & identifier_max;
  }

 private:
  static constexpr std::uint32_t identifier_max = 0x0fff'ffff;
  static constexpr unsigned quality_shift = 28;
  static constexpr std::uint32_t other_quality = 3;
  static constexpr std::uint32_t no_local_bit = 1U << 30;
  static constexpr std::uint32_t as_published_bit = 1U << 31;

  std::uint32_t word_;
};

}  // namespace godwit::mqtt
