#pragma once

#include "opening.hpp"
#include "tls_session.hpp"
#include "websocket_frames.hpp"

#include <godwit/base/bytes.hpp>

#include <memory>
#include <span>

namespace godwit::net {

/// What the streams of one shard share, so that an idle one owns no buffer.
struct stream_room {
  /// `read_bytes_max`: the most that is ever received at a time.
  explicit stream_room(std::size_t read_bytes_max);

  tls_pump pump;
  std::unique_ptr<std::byte[]> plain;  ///< what was received, deciphered
  std::size_t plain_size;
  base::bytes chunk;   ///< small pieces that go out together
  base::bytes frames;  ///< what goes out through TLS with WebSocket's frames around it
};

/// What stands between the bytes of a socket and those of MQTT on one connection. First the
/// connection opens: whatever its listener asks for happens, in `opening`. Then bytes are turned
/// into those of MQTT and back. Knows no socket: bytes come in, and what must go out is in the
/// room's pump after each call. For the thread of its shard; `unbind` and `bind` around a move.
class stream {
 public:
  enum class status : std::uint8_t {
    opening,
    opened,  ///< just now
    open,
    ended_by_peer,
    failed,  ///< for good; what can still be told to the peer is in the pump
  };
  struct received {
    status now = status::opening;
    std::span<std::byte> bytes;  ///< for MQTT, also when it has ended; good until the next call
  };

  explicit stream(std::unique_ptr<opening> o) noexcept : opening_{std::move(o)} {}

  /// Takes what the network brought; may change it.
  [[nodiscard]] received receive(stream_room& room, std::span<std::byte> from_network);
  /// Makes bytes of MQTT ready for the network. False when it has failed.
  [[nodiscard]] bool seal(stream_room& room, base::bytes_view plain);
  /// The end, as the peer's protocol tells it.
  void finish(stream_room& room);

  void unbind() noexcept;
  void bind(stream_room& room) noexcept;

  /// Nothing once it is open.
  [[nodiscard]] opening* before_mqtt() const noexcept { return opening_.get(); }
  [[nodiscard]] std::unique_ptr<opening> take_opening() noexcept { return std::move(opening_); }
  /// The next bytes cost the time of a signature, ours or the check of the peer's.
  [[nodiscard]] bool is_expensive() const noexcept {
    return opening_ && opening_->tls && !opening_->is_secured;
  }
  /// A handshake has begun.
  [[nodiscard]] bool has_tls() const noexcept { return static_cast<bool>(tls_); }

  // Kept for the transport.
  base::bytes unsent;    ///< ready for the network, which has not taken it yet
  std::size_t owed = 0;  ///< bytes of MQTT that are in `unsent` and not counted as sent

 private:
  [[nodiscard]] received take_proxy_header(std::span<std::byte> from_network);
  [[nodiscard]] received decipher(stream_room& room, std::span<std::byte> from_network);
  [[nodiscard]] received unwrap(stream_room& room, received plain);
  [[nodiscard]] received take_request(stream_room& room, received plain);
  [[nodiscard]] bool write(stream_room& room, base::bytes_view plain);
  [[nodiscard]] bool open_tls(stream_room& room, base::bytes_view from_network);
  [[nodiscard]] received fail(std::string why);

  std::unique_ptr<opening> opening_;
  tls_session tls_;
  std::unique_ptr<websocket_frames> frames_;
  bool is_closed_ = false;  // close frames have been exchanged
};

}  // namespace godwit::net
