#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <string_view>

namespace godwit::codec_test {

/// Bytes from hexadecimal digits; blanks are for the reader: `hex("30 03 00 01 61")`.
[[nodiscard]] inline base::bytes hex(std::string_view digits) {
  base::bytes out;
  unsigned high = 0;
  bool half = false;
  for (const char c : digits) {
    if (c == ' ') continue;
    const unsigned value =
        c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a') + 10;
    if (half) out.push_back(static_cast<std::byte>(high << 4U | value));
    high = value;
    half = !half;
  }
  return out;
}

/// Writes packets byte by byte, right or wrong as the test wants them.
class raw_packet {
 public:
  raw_packet& u8(unsigned value) {
    bytes_.push_back(static_cast<std::byte>(value));
    return *this;
  }
  raw_packet& u16(unsigned value) { return u8(value >> 8U & 0xFFU).u8(value & 0xFFU); }
  raw_packet& u32(std::uint32_t value) { return u16(value >> 16U).u16(value & 0xFFFFU); }
  raw_packet& varint(std::size_t value) {
    while (value >= 128) {
      u8(static_cast<unsigned>(value & 0x7FU) | 0x80U);
      value >>= 7U;
    }
    return u8(static_cast<unsigned>(value));
  }
  raw_packet& raw(base::bytes_view bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  raw_packet& raw(std::string_view bytes) { return raw(base::as_bytes(bytes)); }
  /// Two bytes of length in front.
  raw_packet& text(std::string_view text) {
    return u16(static_cast<unsigned>(text.size())).raw(text);
  }

  [[nodiscard]] const base::bytes& bytes() const { return bytes_; }
  /// The bytes so far behind a fixed header.
  [[nodiscard]] base::bytes packet(unsigned first_byte) const {
    raw_packet whole;
    whole.u8(first_byte).varint(bytes_.size()).raw(bytes_);
    return whole.bytes_;
  }

 private:
  base::bytes bytes_;
};

}  // namespace godwit::codec_test
