#include "detached_socket.hpp"
#include "lingering_sockets.hpp"
#include "socket_calls.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/wipe.hpp>
#include <godwit/net/socket_transport.hpp>

#include <algorithm>
#include <array>

namespace godwit::net {
namespace {

/// Sealed and given to the system at a time.
constexpr std::size_t chunk_bytes_max = 65'536;
/// What waits for the network although the broker has not sent it: answers to pings and the like.
/// A peer that asks for more of them without reading is cut off.
constexpr std::size_t unsent_bytes_max = 262'144;

/// The pieces of one `send`, from some byte on.
class piece_cursor {
 public:
  piece_cursor(std::span<const base::bytes_view> pieces, std::size_t skip) : rest_{pieces} {
    while (skip != 0) {
      GODWIT_ASSERT(!rest_.empty());
      const std::size_t step = std::min(skip, rest_.front().size() - offset_);
      advance(step);
      skip -= step;
    }
    drop_empty();
  }
  [[nodiscard]] bool is_done() const noexcept { return rest_.empty(); }
  /// The next bytes, where they lie or gathered in `buffer`, at most `chunk_bytes_max`.
  base::bytes_view take(base::bytes& buffer) {
    const base::bytes_view first = rest_.front().subspan(offset_);
    if (first.size() >= chunk_bytes_max || rest_.size() == 1) {
      const auto part = first.first(std::min(first.size(), chunk_bytes_max));
      advance(part.size());
      drop_empty();
      return part;
    }
    buffer.clear();
    while (!rest_.empty() && buffer.size() < chunk_bytes_max) {
      const base::bytes_view next = rest_.front().subspan(offset_);
      const auto part = next.first(std::min(next.size(), chunk_bytes_max - buffer.size()));
      buffer.insert(buffer.end(), part.begin(), part.end());
      advance(part.size());
      drop_empty();
    }
    return buffer;
  }

 private:
  void advance(std::size_t count) noexcept {
    offset_ += count;
    if (offset_ == rest_.front().size()) {
      rest_ = rest_.subspan(1);
      offset_ = 0;
    }
  }
  void drop_empty() noexcept {
    while (!rest_.empty() && rest_.front().empty()) rest_ = rest_.subspan(1);
  }
  std::span<const base::bytes_view> rest_;
  std::size_t offset_ = 0;
};

std::size_t total_of(std::span<const base::bytes_view> pieces) noexcept {
  std::size_t sum = 0;
  for (const base::bytes_view p : pieces) sum += p.size();
  return sum;
}

/// -1: an error.
ssize_t send_bytes(int fd, base::bytes_view bytes) noexcept {
  iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const ssize_t taken = send_to(fd, {&piece, 1}, 0);
  return taken < 0 && errno == EAGAIN ? 0 : taken;
}

}  // namespace

stream_room& socket_transport::room() {
  if (!room_) room_ = std::make_unique<stream_room>(scratch_size_);
  return *room_;
}

std::size_t socket_transport::send_sealed(handle h, connection& c,
                                          std::span<const base::bytes_view> pieces) {
  stream& s = *c.sealed;
  std::size_t sent = std::exchange(s.owed, 0);
  piece_cursor next{pieces, sent};
  while (!next.is_done()) {
    const base::bytes_view chunk = next.take(room().chunk);
    if (!s.seal(room(), chunk)) {
      room().pump.wire().clear();
      c.failed = true;
      make_pending(h, c);
    } else {
      push(h, c);
    }
    if (c.failed) return total_of(pieces);
    if (!s.unsent.empty()) {
      s.owed = chunk.size();
      break;
    }
    sent += chunk.size();
  }
  return sent;
}

/// Gives the system what is in the pump, behind what it has not taken yet.
void socket_transport::push(handle h, connection& c) {
  base::bytes& wire = room().pump.wire();
  if (wire.empty()) return;
  base::bytes& unsent = c.sealed->unsent;
  if (!unsent.empty()) {
    if (unsent.size() + wire.size() <= unsent_bytes_max) {
      unsent.insert(unsent.end(), wire.begin(), wire.end());
    } else {
      c.failed = true;
      make_pending(h, c);
    }
    wire.clear();
    return;
  }
  const ssize_t taken = c.failed ? -1 : send_bytes(c.socket.native_handle(), wire);
  if (taken < 0) {
    c.failed = true;
    make_pending(h, c);
  } else if (static_cast<std::size_t>(taken) < wire.size()) {
    unsent.assign(wire.begin() + taken, wire.end());
    wait(h, c, readiness::writable);
  }
  wire.clear();
}

/// Goes on with what the system has not taken.
void socket_transport::push_rest(handle h, connection& c) {
  base::bytes& unsent = c.sealed->unsent;
  if (unsent.empty() || c.failed) return;
  const ssize_t taken = send_bytes(c.socket.native_handle(), unsent);
  if (taken < 0) {
    c.failed = true;
    make_pending(h, c);
  } else if (static_cast<std::size_t>(taken) < unsent.size()) {
    unsent.erase(unsent.begin(), unsent.begin() + taken);
    wait(h, c, readiness::writable);
  } else {
    unsent = base::bytes{};
  }
}

void socket_transport::receive_sealed(handle h, connection& c) {
  stream& s = *c.sealed;
  if (s.is_expensive() && (expensive_left_ == 0 || !to_shake_hands_.empty())) {
    if (c.queued) return;
    c.queued = true;
    ++openings_queued_;
    using line = handshake_queue<handle>::line;
    to_shake_hands_.add(s.has_tls() ? line::begun : line::fresh, h);
    return;
  }
  take_sealed(h, c);
}

/// Those who waited for their turn.
void socket_transport::shake_hands() {
  while (expensive_left_ != 0 && !to_shake_hands_.empty()) {
    const handle h = to_shake_hands_.take();
    connection* const c = connections_.find(h);
    if (c == nullptr || !c->queued) continue;
    c->queued = false;
    --openings_queued_;
    if (!c->ended) take_sealed(h, *c);
  }
}

/// Reads, and does what has come.
void socket_transport::take_sealed(handle h, connection& c) {
  stream& s = *c.sealed;
  if (s.is_expensive()) --expensive_left_;
  const ssize_t taken =
      c.socket.is_open() ? receive_from(c.socket.native_handle(), scratch_.get(), scratch_size_, 0)
                         : 0;
  c.error_seen = false;
  if (taken <= 0) {
    const bool is_lost = c.failed || (taken < 0 && errno != EAGAIN);
    if (!is_lost && taken < 0) {
      arm_later(h, c);
    } else if (opening* const how = s.before_mqtt()) {
      how->is_probe = how->is_silent;
      refuse(h, c, "the client closed the connection before it was open");
    } else {
      end(h, c, is_lost ? broker::transport_end::lost : broker::transport_end::closed_by_peer);
    }
    return;
  }
  arm_later(h, c);
  const stream::received got = s.receive(room(), {scratch_.get(), static_cast<std::size_t>(taken)});
  push(h, c);
  const bool is_over =
      got.now == stream::status::failed || got.now == stream::status::ended_by_peer;
  if (is_over && s.before_mqtt() != nullptr) {
    refuse(h, c, "the client ended the connection before it was open");
    return;
  }
  if (got.now == stream::status::opened) {
    --openings_;
    const std::unique_ptr<opening> how = s.take_opening();
    c.token = openings_events_->on_opened(broker::transport_id{h.index + 1}, *how);
  }
  const bool may_be_secret = !c.answered;
  if (!got.bytes.empty() && !c.ended) events_.on_bytes(c.token, got.bytes);
  if (may_be_secret) base::wipe(got.bytes);
  if (!is_over || c.ended) return;
  const broker::connection_token token = c.token;
  c.ended = true;
  ended_.push_back(h);
  if (got.now == stream::status::ended_by_peer) s.finish(room());
  end_sealed(c);
  events_.on_closed(token, got.now == stream::status::failed
                               ? broker::transport_end::lost
                               : broker::transport_end::closed_by_peer);
}

/// Lets the peer have what is left, and closes. The connection has ended for the shard.
void socket_transport::end_sealed(connection& c) {
  base::bytes last = std::move(c.sealed->unsent);
  base::bytes& wire = room().pump.wire();
  last.insert(last.end(), wire.begin(), wire.end());
  wire.clear();
  lingering_->add(std::move(c.socket), std::move(c.slot), now_, std::move(last));
}

void socket_transport::open_later(unique_fd socket, connection_slot slot,
                                  std::unique_ptr<opening> how) {
  GODWIT_ASSERT(openings_events_ != nullptr);
  if (openings_ - openings_queued_ >= openings_max_) {
    if (connection* const oldest = oldest_that_waits_for_its_peer()) {
      oldest->sealed->before_mqtt()->counted = observe::connection_refusal::too_many_handshakes;
      refuse(opening_order_.front(), *oldest,
             "it gave way to a newer one (connection.handshakes_max)");
    }
  }
  how->accepted = now_;
  how->deadline = now_ + opening_time_max_;
  const broker::transport_id id = adopt(std::move(socket), std::move(slot));
  connection& c = at(id);
  c.sealed.reset(std::make_unique<stream>(std::move(how)).release());
  const handle h = connections_.handle_of(index_of(id));
  opening_order_.push_back(h);
  ++openings_;
  start(id, 0);
}

void socket_transport::give_up_openings() {
  while (connection* const oldest = oldest_opening()) {
    refuse(opening_order_.front(), *oldest, "the broker stops");
  }
}

/// The one at the head of the order.
socket_transport::connection* socket_transport::oldest_opening() {
  while (!opening_order_.empty()) {
    connection* const c = connections_.find(opening_order_.front());
    if (c != nullptr && !c->ended && c->sealed && c->sealed->before_mqtt() != nullptr) return c;
    opening_order_.pop_front();
  }
  return nullptr;
}

/// The same, but for those who wait for a handshake of ours: what takes long then is not theirs, so
/// their time begins anew, behind all others.
socket_transport::connection* socket_transport::oldest_that_waits_for_its_peer() {
  for (std::size_t left = opening_order_.size(); left != 0; --left) {
    connection* const c = oldest_opening();
    if (c == nullptr || !c->queued) return c;
    c->sealed->before_mqtt()->deadline = now_ + opening_time_max_;
    opening_order_.push_back(opening_order_.front());
    opening_order_.pop_front();
  }
  return nullptr;
}

/// `why` counts only if the stream has not said it better.
void socket_transport::refuse(handle h, connection& c, std::string why) {
  opening& how = *c.sealed->before_mqtt();
  if (how.failure.empty()) how.failure = std::move(why);
  openings_events_->on_refused(how);
  --openings_;
  if (c.queued) --openings_queued_;
  c.queued = false;
  c.ended = true;
  ended_.push_back(h);
  if (c.socket.is_open()) end_sealed(c);
}

void socket_transport::expire(base::steady_time now) {
  lingering_->expire(now);
  now_ = now;
  for (connection* c = oldest_opening(); c != nullptr && c->sealed->before_mqtt()->deadline <= now;
       c = oldest_opening()) {
    if (c->queued) {
      static_cast<void>(oldest_that_waits_for_its_peer());
      continue;
    }
    c->sealed->before_mqtt()->counted = observe::connection_refusal::handshake_timeout;
    refuse(opening_order_.front(), *c, "it took longer than connection.handshake_timeout");
  }
}

std::optional<base::steady_time> socket_transport::next_due() {
  std::optional<base::steady_time> due = lingering_->next_due();
  if (const connection* const c = oldest_opening()) {
    const base::steady_time deadline = c->sealed->before_mqtt()->deadline;
    if (!due || deadline < *due) due = deadline;
  }
  return due;
}

}  // namespace godwit::net
