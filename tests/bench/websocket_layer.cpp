#include "layer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace godwit::bench {
namespace {

constexpr std::string_view request =
    "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
constexpr std::string_view header_end = "\r\n\r\n";

enum opcode : std::uint8_t { continued = 0, binary = 2, closing = 8, ping = 9, pong = 10 };

/// The head of one frame from the broker, which does not mask.
struct frame_head {
  std::uint8_t what = 0;
  std::size_t head_size = 0;  ///< 0: not complete
  std::size_t size = 0;
};

frame_head read_head(octet_view in) {
  frame_head out;
  if (in.size() < 2) return out;
  const std::size_t more = in[1] == 126 ? 2 : in[1] == 127 ? 8 : 0;
  if (in.size() < 2 + more) return out;
  out.what = in[0] & 15U;
  out.size = more == 0 ? in[1] : 0;
  for (std::size_t i = 0; i < more; ++i) out.size = out.size << 8U | in[2 + i];
  out.head_size = 2 + more;
  return out;
}

void append_frame(std::uint8_t what, octet_view payload, octets& out) {
  constexpr std::uint8_t final_frame = 0x80;
  constexpr std::uint8_t masked = 0x80;
  constexpr std::array<std::uint8_t, 4> mask{0x5a, 0xc3, 0x3c, 0xa5};
  out.push_back(final_frame | what);
  const std::size_t size = payload.size();
  const int size_octets = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out.push_back(static_cast<std::uint8_t>(masked | (size_octets == 0   ? size
                                                    : size_octets == 2 ? 126U
                                                                       : 127U)));
  for (int i = size_octets - 1; i >= 0; --i) {
    out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  out.insert(out.end(), mask.begin(), mask.end());
  for (std::size_t i = 0; i < size; ++i) out.push_back(payload[i] ^ mask[i % mask.size()]);
}

class websocket_layer final : public layer {
 public:
  explicit websocket_layer(std::unique_ptr<layer> below) : below_{std::move(below)} {}

  void begin(octets& wire) override {
    if (below_) {
      below_->begin(wire);
    } else {
      ask(wire);
    }
  }

  state receive(octet_view from_wire, octets& plain, octets& wire) override {
    state now = state::open;
    if (below_) {
      now = below_->receive(from_wire, input_, wire);
      if (now == state::opening) return now;
      if (!is_asked_) ask(wire);
    } else {
      input_.insert(input_.end(), from_wire.begin(), from_wire.end());
    }
    if (!is_open_ && !read_answer()) return now == state::ended ? now : state::opening;
    return read_frames(plain, wire) ? now : state::ended;
  }

  void seal(octet_view plain, octets& wire) override { send(binary, plain, wire); }

 private:
  void ask(octets& wire) {
    is_asked_ = true;
    to_below({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()}, wire);
  }

  bool read_answer() {
    const auto end =
        std::search(input_.begin(), input_.end(), header_end.begin(), header_end.end());
    if (end == input_.end()) return false;
    const std::string answer{input_.begin(), end};
    if (!answer.starts_with("HTTP/1.1 101 ")) {
      throw bench_error("WebSocket: the broker says " + answer.substr(0, answer.find('\r')));
    }
    input_.erase(input_.begin(), end + static_cast<std::ptrdiff_t>(header_end.size()));
    return is_open_ = true;
  }

  /// False when the broker has closed.
  bool read_frames(octets& plain, octets& wire) {
    std::size_t used = 0;
    bool goes_on = true;
    while (goes_on) {
      const octet_view rest = octet_view{input_}.subspan(used);
      const frame_head f = read_head(rest);
      if (f.head_size == 0 || rest.size() - f.head_size < f.size) break;
      const octet_view payload = rest.subspan(f.head_size, f.size);
      switch (f.what) {
        case continued:
        case binary:
          plain.insert(plain.end(), payload.begin(), payload.end());
          break;
        case ping:
          send(pong, payload, wire);
          break;
        case pong:
          break;
        case closing:
          send(closing, payload, wire);
          goes_on = false;
          break;
        default:
          throw bench_error("WebSocket: a frame of an unknown kind");
      }
      used += f.head_size + f.size;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
    return goes_on;
  }

  void send(std::uint8_t what, octet_view payload, octets& wire) {
    frame_.clear();
    append_frame(what, payload, frame_);
    to_below(frame_, wire);
  }
  void to_below(octet_view bytes, octets& wire) {
    if (below_) {
      below_->seal(bytes, wire);
    } else {
      wire.insert(wire.end(), bytes.begin(), bytes.end());
    }
  }

  std::unique_ptr<layer> below_;
  octets input_;  // what came and is not read yet
  octets frame_;
  bool is_asked_ = false;
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<layer> make_websocket_layer(std::unique_ptr<layer> below) {
  return std::make_unique<websocket_layer>(std::move(below));
}

}  // namespace godwit::bench
