#pragma once

#include <godwit/base/bytes.hpp>

#include <array>
#include <cstdint>
#include <span>

namespace godwit::net {

/// WebSocket's frames (RFC 6455) on one connection, the server's side. MQTT sees a stream of bytes:
/// a packet may lie in several frames and a frame may hold several packets. [v311 MQTT-6.0.0-2]
/// [v5 MQTT-6.0.0-2] So no frame is collected, whatever length it claims, and nothing is allocated
/// but the answer to a ping. Answers are appended to what goes out.
class websocket_frames {
 public:
  enum class status : std::uint8_t {
    open,
    ended_by_peer,  ///< a close frame; it has been answered
    failed,         ///< the peer broke a rule; the close frame says which
  };
  struct decoded {
    status now = status::open;
    base::bytes_view bytes;  ///< of MQTT, in the memory that was given
  };

  /// Takes what came, removes the frames around it in place. Not after it has ended.
  [[nodiscard]] decoded decode(std::span<std::byte> bytes, base::bytes& out);
  /// One binary frame around these bytes. [v311 MQTT-6.0.0-1] [v5 MQTT-6.0.0-1]
  static void encode(base::bytes_view payload, base::bytes& out);
  /// The close frame that the server starts with.
  static void close(base::bytes& out);

 private:
  enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
  };
  static constexpr std::size_t header_max = 14;
  static constexpr std::size_t control_max = 125;

  [[nodiscard]] bool is_control() const noexcept { return (first_ & 0x08U) != 0; }
  [[nodiscard]] std::size_t header_size() const noexcept;
  [[nodiscard]] bool begin_frame(base::bytes& out);
  [[nodiscard]] status end_frame(base::bytes& out);
  void unmask(std::span<std::byte> bytes) noexcept;
  bool fail(std::uint16_t code, base::bytes& out) const;

  std::uint64_t left_ = 0;  // of the payload
  std::array<std::uint8_t, header_max> header_{};
  std::uint8_t header_bytes_ = 0;  // 0: a frame is being read, or none has begun
  std::uint8_t first_ = 0;         // first byte of the frame that is being read
  std::uint8_t mask_at_ = 0;
  std::array<std::uint8_t, 4> mask_{};
  bool in_message_ = false;  // its last frame has not come
  std::uint8_t control_bytes_ = 0;
  std::array<std::byte, control_max> control_;  // payload of a control frame, as far as it has come
};

}  // namespace godwit::net
