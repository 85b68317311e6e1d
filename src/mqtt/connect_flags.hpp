#pragma once

/// The connect flags byte. [v311 3.1.2.3] [v5 3.1.2.3]

namespace godwit::mqtt::connect_flag {

inline constexpr unsigned reserved = 0x01;
inline constexpr unsigned clean_start = 0x02;
inline constexpr unsigned will = 0x04;
inline constexpr unsigned will_retain = 0x20;
inline constexpr unsigned password = 0x40;
inline constexpr unsigned user_name = 0x80;
/// Will QoS and will retain.
inline constexpr unsigned will_details = 0x38;

[[nodiscard]] constexpr unsigned will_qos(unsigned flags) noexcept {
  return flags >> 3U & 3U;
}

}  // namespace godwit::mqtt::connect_flag
