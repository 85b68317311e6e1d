#include "stream.hpp"

#include "peer_address.hpp"
#include "proxy_header.hpp"
#include "websocket_request.hpp"

#include <algorithm>

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
  if (was_opening && !opening_->from.proxies.empty() && !opening_->is_proxied) {
    const received behind = take_proxy_header(from_network);
    if (behind.now != status::open) return behind;
    from_network = behind.bytes;
    // A proxy waits for nobody, so its client's first words are often there.
    if (from_network.empty() && opening_->from.options.tls.is_on()) return {status::opening, {}};
  }
  received got = unwrap(room, decipher(room, from_network));
  if (got.now == status::open && was_opening) got.now = status::opened;
  return got;
}

/// Collects the header and believes it. What comes behind it is left.
stream::received stream::take_proxy_header(std::span<std::byte> from_network) {
  base::bytes& header = opening_->proxy;
  const std::size_t before = header.size();
  const auto part =
      from_network.first(std::min(from_network.size(), proxy_header_bytes_max - before));
  header.insert(header.end(), part.begin(), part.end());
  const proxy_header read = read_proxy_header(header);
  switch (read.now) {
    case proxy_header::status::incomplete:
      return {status::opening, {}};
    case proxy_header::status::wrong:
      return fail("the connection does not begin with a PROXY header");
    case proxy_header::status::complete:
      break;
  }
  opening_->is_proxied = true;
  if (read.from) {
    opening_->peer.address = endpoint_text(read.from->address, read.from->port);
    if (!opening_->rules->addresses.admits(read.from->address)) {
      opening_->counted = observe::connection_refusal::address;
      return fail("its address may not connect (allow, deny)");
    }
    if (!opening_->rules->gate->admits(read.from->address, opening_->accepted)) {
      opening_->counted = observe::connection_refusal::address_rate;
      return fail("its address connects too fast (connect_rate.address_max)");
    }
  }
  return {status::open, from_network.subspan(read.size - before)};
}

/// TLS, if there is any.
stream::received stream::decipher(stream_room& room, std::span<std::byte> from_network) {
  if (opening_ && opening_->tls && !tls_ && !open_tls(room, from_network)) {
    return {status::failed, {}};
  }
  if (!tls_) return {status::open, from_network};
  room.pump.feed(from_network);
  if (opening_ && !opening_->is_secured) {
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
    if (!certificate) {
      tls_.finish();
      return fail("the client's certificate is refused: " + certificate.error());
    }
    opening_->peer.certificate = std::move(*certificate);
    opening_->is_secured = true;
    opening_->is_resumed = tls_.is_resumed();
  }
  const auto read = tls_.read({room.plain.get(), room.plain_size});
  const std::span<std::byte> plain{room.plain.get(), read.size};
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

/// WebSocket, if there is any.
stream::received stream::unwrap(stream_room& room, received plain) {
  if (opening_ && opening_->rules->websocket.is_on() && !frames_) {
    if (plain.now != status::open) return plain;
    plain = take_request(room, plain);
  }
  if (!frames_ || plain.bytes.empty()) return plain;
  room.frames.clear();
  const auto got = frames_->decode(plain.bytes, room.frames);
  const auto kept = plain.bytes.first(got.bytes.size());
  if (!write(room, room.frames)) return {status::failed, kept};
  switch (got.now) {
    case websocket_frames::status::open:
      return {plain.now, kept};
    case websocket_frames::status::ended_by_peer:
      is_closed_ = true;
      return {status::ended_by_peer, kept};
    case websocket_frames::status::failed:
      break;
  }
  if (opening_) opening_->failure = "the client breaks a rule of WebSocket";
  return {status::failed, kept};
}

/// Collects the request and answers it. What comes behind it is left.
stream::received stream::take_request(stream_room& room, received plain) {
  constexpr std::string_view end_of_header = "\r\n\r\n";
  std::string& request = opening_->request;
  const std::size_t before = request.size();
  const std::size_t room_left = websocket_request_bytes_max - before;
  request += base::as_text(plain.bytes.first(std::min(plain.bytes.size(), room_left)));
  const auto end = request.find(end_of_header, before < 3 ? 0 : before - 3);
  websocket_answer answer;
  if (request[0] == '\x10') {
    answer = refuse_websocket_request("400 Bad Request",
                                      "the client speaks MQTT without WebSocket on a listener with "
                                      "websocket.path");
  } else if (end != std::string::npos) {
    request.resize(end + end_of_header.size());
    answer = answer_websocket_request(request, opening_->rules->websocket);
  } else if (request.size() == websocket_request_bytes_max) {
    answer = refuse_websocket_request("431 Request Header Fields Too Large",
                                      "the request is longer than 8 KiB");
  } else {
    return {status::opening, {}};
  }
  const bool ok = write(room, base::as_bytes(answer.response));
  if (!answer.refusal.empty() || !ok) {
    opening_->failure = std::move(answer.refusal);
    if (tls_) tls_.finish();
    return {status::failed, {}};
  }
  frames_ = std::make_unique<websocket_frames>();
  return {status::open, plain.bytes.subspan(request.size() - before)};
}

bool stream::seal(stream_room& room, base::bytes_view plain) {
  if (!frames_) return write(room, plain);
  if (!tls_) {
    websocket_frames::encode(plain, room.pump.wire());
    return true;
  }
  room.frames.clear();
  websocket_frames::encode(plain, room.frames);
  return write(room, room.frames);
}

bool stream::write(stream_room& room, base::bytes_view plain) {
  if (tls_) return tls_.write(plain);
  room.pump.wire().insert(room.pump.wire().end(), plain.begin(), plain.end());
  return true;
}

void stream::finish(stream_room& room) {
  if (frames_ && !is_closed_) {
    room.frames.clear();
    websocket_frames::close(room.frames);
    static_cast<void>(write(room, room.frames));
  }
  if (tls_) tls_.finish();
}

void stream::unbind() noexcept {
  if (tls_) tls_.unbind();
}

void stream::bind(stream_room& room) noexcept {
  if (tls_) tls_.bind(room.pump);
}

}  // namespace godwit::net
