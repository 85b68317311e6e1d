#include "stream.hpp"

namespace godwit::net {
namespace {

/// A record that came in parts is deciphered when its end comes.
constexpr std::size_t record_bytes_max = 16'384 + 256;

/// What a client speaks that does not begin with a handshake record of TLS.
std::string plain_protocol(base::bytes_view bytes) {
  constexpr auto connect = std::byte{0x10};
  const std::string_view text = base::as_text(bytes);
  if (bytes[0] == connect) return "the client speaks MQTT without TLS on a listener with TLS";
  if (text.starts_with("GET ") || text.starts_with("POST ")) {
    return "the client speaks HTTP without TLS on a listener with TLS";
  }
  return "the client does not speak TLS on a listener with TLS";
}

}  // namespace

stream_room::stream_room(std::size_t read_bytes_max)
    : plain{std::make_unique_for_overwrite<std::byte[]>(read_bytes_max + record_bytes_max)},
      plain_size{read_bytes_max + record_bytes_max} {}

stream::received stream::receive(stream_room& room, std::span<std::byte> from_network) {
  const bool was_opening = opening_ != nullptr;
  if (was_opening) opening_->is_silent = false;
  received got = decipher(room, from_network);
  if (got.now == status::open && was_opening) got.now = status::opened;
  return got;
}

/// TLS, if there is any.
stream::received stream::decipher(stream_room& room, base::bytes_view from_network) {
  if (opening_ && opening_->tls && !tls_ && !open_tls(room, from_network)) {
    return {status::failed, {}};
  }
  if (!tls_) return {status::open, from_network};
  room.pump.feed(from_network);
  if (opening_) {
    switch (tls_.shake_hands()) {
      case tls_session::status::waits:
        return {status::opening, {}};
      case tls_session::status::ready:
        break;
      case tls_session::status::ended_by_peer:
      case tls_session::status::failed:
        return fail(tls_.failure());
    }
    auto certificate = tls_.peer_certificate();
    if (!certificate) return fail("the client's certificate is refused: " + certificate.error());
    opening_->peer.certificate = std::move(*certificate);
  }
  const auto read = tls_.read({room.plain.get(), room.plain_size});
  const base::bytes_view plain{room.plain.get(), read.size};
  switch (read.now) {
    case tls_session::status::waits:
    case tls_session::status::ready:
      return {status::open, plain};
    case tls_session::status::ended_by_peer:
      return {status::ended_by_peer, plain};
    case tls_session::status::failed:
      break;
  }
  return {status::failed, plain};
}

bool stream::open_tls(stream_room& room, base::bytes_view from_network) {
  constexpr auto handshake_record = std::byte{22};
  if (from_network[0] != handshake_record) {
    opening_->failure = plain_protocol(from_network);
    return false;
  }
  tls_ = tls_session{*opening_->tls, room.pump};
  if (!tls_) opening_->failure = "memory is out";
  return static_cast<bool>(tls_);
}

stream::received stream::fail(std::string why) {
  if (opening_) opening_->failure = std::move(why);
  return {status::failed, {}};
}

bool stream::seal(stream_room& room, base::bytes_view plain) {
  if (tls_) return tls_.write(plain);
  room.pump.wire().insert(room.pump.wire().end(), plain.begin(), plain.end());
  return true;
}

void stream::finish(stream_room&) {
  if (tls_) tls_.finish();
}

void stream::unbind() noexcept {
  if (tls_) tls_.unbind();
}

void stream::bind(stream_room& room) noexcept {
  if (tls_) tls_.bind(room.pump);
}

}  // namespace godwit::net
