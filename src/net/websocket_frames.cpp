#include "websocket_frames.hpp"

#include <algorithm>
#include <cstring>

namespace godwit::net {
namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned reserved_bits = 0x70;
constexpr unsigned opcode_bits = 0x0f;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7f;
constexpr unsigned length_16 = 126;
constexpr unsigned length_64 = 127;

constexpr std::uint16_t code_normal = 1'000;
constexpr std::uint16_t code_protocol_error = 1'002;
constexpr std::uint16_t code_unsupported = 1'003;

/// Codes that may stand in a close frame: RFC 6455 7.4.
bool is_close_code(std::uint16_t code) noexcept {
  constexpr std::uint16_t registered = 3'000;
  constexpr std::uint16_t end = 5'000;
  if (code >= registered) return code < end;
  return code >= code_normal && code <= 1'014 && code != 1'004 && code != 1'005 && code != 1'006;
}

void put(base::bytes& out, std::initializer_list<unsigned> bytes) {
  for (const unsigned b : bytes) out.push_back(static_cast<std::byte>(b));
}

void put_control(base::bytes& out, unsigned opcode, base::bytes_view payload) {
  put(out, {final_bit | opcode, static_cast<unsigned>(payload.size())});
  out.insert(out.end(), payload.begin(), payload.end());
}

void put_close(base::bytes& out, std::uint16_t code) {
  const std::array<std::byte, 2> payload{static_cast<std::byte>(code >> 8U),
                                         static_cast<std::byte>(code & 0xffU)};
  put_control(out, 8, payload);
}

}  // namespace

websocket_frames::decoded websocket_frames::decode(std::span<std::byte> bytes, base::bytes& out) {
  std::size_t kept = 0;
  std::size_t at = 0;
  const auto is_reading = [this] { return left_ != 0; };
  while (at < bytes.size()) {
    if (!is_reading()) {
      header_[header_bytes_++] = std::to_integer<std::uint8_t>(bytes[at++]);
      if (header_bytes_ < 2 || header_bytes_ < header_size()) continue;
      if (!begin_frame(out)) return {status::failed, bytes.first(kept)};
    } else {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      const auto part = bytes.subspan(at, size);
      unmask(part);
      if (is_control()) {
        std::ranges::copy(part, control_.begin() + control_bytes_);
        control_bytes_ = static_cast<std::uint8_t>(control_bytes_ + size);
      } else {
        std::memmove(bytes.data() + kept, part.data(), size);
        kept += size;
      }
      at += size;
      left_ -= size;
    }
    if (is_reading()) continue;
    const status now = end_frame(out);
    if (now != status::open) return {now, bytes.first(kept)};
  }
  return {status::open, bytes.first(kept)};
}

/// Of the header that has begun, once its second byte is there.
std::size_t websocket_frames::header_size() const noexcept {
  constexpr std::size_t with_mask = 6;
  switch (header_[1] & length_bits) {
    case length_16:
      return with_mask + 2;
    case length_64:
      return with_mask + 8;
    default:
      // Without a mask it is refused at once.
      return (header_[1] & mask_bit) != 0 ? with_mask : 2;
  }
}

/// The header is complete. False: the peer broke a rule.
bool websocket_frames::begin_frame(base::bytes& out) {
  const std::size_t size = header_bytes_;
  header_bytes_ = 0;
  first_ = header_[0];
  // A client masks every frame, and nothing was agreed that reserved bits would be for.
  if ((header_[1] & mask_bit) == 0 || (first_ & reserved_bits) != 0) {
    return fail(code_protocol_error, out);
  }
  std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(size - mask_.size()), mask_.size(),
              mask_.begin());
  mask_at_ = 0;
  control_bytes_ = 0;
  left_ = header_[1] & length_bits;
  if (left_ >= length_16) {
    const std::uint64_t least = left_ == length_16 ? length_16 : 0x1'0000U;
    left_ = 0;
    for (std::size_t i = 2; i < size - mask_.size(); ++i) left_ = left_ << 8U | header_[i];
    if (left_ < least || left_ >> 63U != 0) return fail(code_protocol_error, out);
  }
  const bool is_final = (first_ & final_bit) != 0;
  switch (static_cast<opcode>(first_ & opcode_bits)) {
    case opcode::continuation:
      return in_message_ || fail(code_protocol_error, out);
    case opcode::binary:
      return !in_message_ || fail(code_protocol_error, out);
    case opcode::text:
      // [v311 MQTT-6.0.0-1] [v5 MQTT-6.0.0-1] [v31 M31-ws-1]
      return fail(code_unsupported, out);
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
      return (is_final && left_ <= control_max) || fail(code_protocol_error, out);
  }
  return fail(code_protocol_error, out);
}

websocket_frames::status websocket_frames::end_frame(base::bytes& out) {
  const base::bytes_view payload{control_.data(), control_bytes_};
  switch (static_cast<opcode>(first_ & opcode_bits)) {
    case opcode::ping:
      put_control(out, static_cast<unsigned>(opcode::pong), payload);
      return status::open;
    case opcode::pong:
      return status::open;
    case opcode::close: {
      if (payload.empty()) {
        put_close(out, code_normal);
        return status::ended_by_peer;
      }
      const auto code =
          payload.size() < 2
              ? std::uint16_t{0}
              : static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8U |
                                           std::to_integer<unsigned>(payload[1]));
      if (!is_close_code(code)) {
        put_close(out, code_protocol_error);
        return status::failed;
      }
      put_close(out, code);
      return status::ended_by_peer;
    }
    case opcode::continuation:
    case opcode::binary:
    case opcode::text:
      in_message_ = (first_ & final_bit) == 0;
      return status::open;
  }
  return status::failed;
}

void websocket_frames::unmask(std::span<std::byte> bytes) noexcept {
  std::array<std::byte, 8> pattern{};
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    pattern[i] = static_cast<std::byte>(mask_[(mask_at_ + i) % mask_.size()]);
  }
  std::uint64_t wide = 0;
  std::memcpy(&wide, pattern.data(), sizeof wide);
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof wide; at += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= wide;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  for (std::size_t i = 0; at < bytes.size(); ++i, ++at) bytes[at] ^= pattern[i];
  mask_at_ = static_cast<std::uint8_t>((mask_at_ + bytes.size()) % mask_.size());
}

bool websocket_frames::fail(std::uint16_t code, base::bytes& out) const {
  put_close(out, code);
  return false;
}

void websocket_frames::encode(base::bytes_view payload, base::bytes& out) {
  constexpr unsigned binary = 2;
  const std::uint64_t size = payload.size();
  if (size < length_16) {
    put(out, {final_bit | binary, static_cast<unsigned>(size)});
  } else if (size < 0x1'0000U) {
    put(out, {final_bit | binary, length_16, static_cast<unsigned>(size >> 8U),
              static_cast<unsigned>(size & 0xffU)});
  } else {
    put(out, {final_bit | binary, length_64});
    for (unsigned shift = 64; shift != 0;) {
      shift -= 8;
      put(out, {static_cast<unsigned>(size >> shift & 0xffU)});
    }
  }
  out.insert(out.end(), payload.begin(), payload.end());
}

void websocket_frames::close(base::bytes& out) {
  put_close(out, code_normal);
}

}  // namespace godwit::net
