#pragma once

/// The options byte of a filter in SUBSCRIBE; 3.x uses the QoS bits only. [v5 3.8.3.1]

namespace godwit::mqtt::subscription_option {

inline constexpr unsigned qos_bits = 0x03;
inline constexpr unsigned no_local = 0x04;
inline constexpr unsigned retain_as_published = 0x08;

[[nodiscard]] constexpr unsigned retain_handling(unsigned options) noexcept {
  return options >> 4U & 3U;
}

}  // namespace godwit::mqtt::subscription_option
