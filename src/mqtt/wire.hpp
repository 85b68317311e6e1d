#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstring>
#include <string_view>

/// The data representations of MQTT [v311 1.5] [v5 1.5]: reading with bounds, writing into place.

namespace godwit::mqtt::wire {

enum class varint_state : std::uint8_t { complete, incomplete, too_long, not_shortest };

struct varint {
  varint_state state = varint_state::incomplete;
  std::uint32_t value = 0;
  std::uint32_t size = 0;  ///< Bytes taken, 1 to 4.
};

/// Reads a variable byte integer at the head of `input`. Too long is known at the fourth byte: its
/// continuation bit would ask for a fifth.
[[nodiscard]] inline varint read_varint(bytes_view input) noexcept {
  std::uint32_t value = 0;
  const std::size_t limit = input.size() < 4 ? input.size() : 4;
  for (std::size_t i = 0; i < limit; ++i) {
    const auto byte = std::to_integer<std::uint32_t>(input[i]);
    value |= (byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) != 0) continue;
    const bool shortest = i == 0 || byte != 0;
    return {shortest ? varint_state::complete : varint_state::not_shortest, value,
            static_cast<std::uint32_t>(i + 1)};
  }
  return {limit == 4 ? varint_state::too_long : varint_state::incomplete, 0, 0};
}

[[nodiscard]] constexpr std::size_t varint_size(std::size_t value) noexcept {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

/// Takes fields from the head of a byte range; every function answers false, and takes nothing,
/// when the range is too short.
class reader {
 public:
  explicit reader(bytes_view bytes) noexcept : rest_{bytes} {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] bytes_view rest() const noexcept { return rest_; }

  [[nodiscard]] bool u8(std::uint8_t& out) noexcept {
    if (rest_.empty()) return false;
    out = std::to_integer<std::uint8_t>(rest_[0]);
    rest_ = rest_.subspan(1);
    return true;
  }
  [[nodiscard]] bool u16(std::uint16_t& out) noexcept {
    if (rest_.size() < 2) return false;
    out = static_cast<std::uint16_t>(byte(0) << 8U | byte(1));
    rest_ = rest_.subspan(2);
    return true;
  }
  [[nodiscard]] bool u32(std::uint32_t& out) noexcept {
    if (rest_.size() < 4) return false;
    out = byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3);
    rest_ = rest_.subspan(4);
    return true;
  }
  /// Two bytes of length, then that many bytes.
  [[nodiscard]] bool binary(bytes_view& out) noexcept {
    if (rest_.size() < 2) return false;
    const std::size_t size = byte(0) << 8U | byte(1);
    if (rest_.size() - 2 < size) return false;
    out = rest_.subspan(2, size);
    rest_ = rest_.subspan(2 + size);
    return true;
  }
  /// As binary(); the text is not checked.
  [[nodiscard]] bool text(std::string_view& out) noexcept {
    bytes_view bytes;
    if (!binary(bytes)) return false;
    out = base::as_text(bytes);
    return true;
  }
  [[nodiscard]] bool take(std::size_t size, bytes_view& out) noexcept {
    if (rest_.size() < size) return false;
    out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return true;
  }
  /// The caller looks at the state; bytes are taken only when it is `complete`.
  [[nodiscard]] varint variable() noexcept {
    const varint v = read_varint(rest_);
    if (v.state == varint_state::complete) rest_ = rest_.subspan(v.size);
    return v;
  }

 private:
  [[nodiscard]] std::uint32_t byte(std::size_t at) const noexcept {
    return std::to_integer<std::uint32_t>(rest_[at]);
  }
  bytes_view rest_;
};

/// Writes fields one behind the other into memory that is known to be large enough.
class writer {
 public:
  explicit writer(std::byte* to) noexcept : to_{to} {}

  [[nodiscard]] std::byte* position() const noexcept { return to_; }

  void u8(std::uint32_t value) noexcept { *to_++ = static_cast<std::byte>(value); }
  void u16(std::uint32_t value) noexcept {
    u8(value >> 8U);
    u8(value & 0xFFU);
  }
  void u32(std::uint32_t value) noexcept {
    u16(value >> 16U);
    u16(value & 0xFFFFU);
  }
  void variable(std::size_t value) noexcept {
    while (value >= 128) {
      u8(static_cast<std::uint32_t>(value & 0x7FU) | 0x80U);
      value >>= 7U;
    }
    u8(static_cast<std::uint32_t>(value));
  }
  void raw(bytes_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }
  void binary(bytes_view bytes) noexcept {
    u16(base::checked_cast<std::uint16_t>(bytes.size()));
    raw(bytes);
  }
  void text(std::string_view text) noexcept { binary(base::as_bytes(text)); }

 private:
  std::byte* to_;
};

}  // namespace godwit::mqtt::wire
