#include "detached_socket.hpp"
#include "lingering_sockets.hpp"
#include "socket_calls.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/wipe.hpp>
#include <godwit/net/socket_transport.hpp>

#include <array>
#include <numeric>

namespace godwit::net {
namespace {

std::size_t total_of(std::span<const base::bytes_view> pieces) noexcept {
  return std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                         [](std::size_t sum, base::bytes_view p) { return sum + p.size(); });
}

}  // namespace

/// Handed to Asio: names the connection instead of pointing at it, because it may be gone by then.
struct socket_transport::on_ready {
  socket_transport* owner;
  handle h;
  readiness what;
  void operator()(const boost::system::error_code&) const {
    owner->context_.claim();
    owner->ready(h, what);
  }
};

socket_transport::socket_transport(shard_context& context, transport_events& events,
                                   const tuning& tune)
    : context_{context},
      events_{events},
      scratch_{std::make_unique_for_overwrite<std::byte[]>(tune.read_bytes_max)},
      scratch_size_{tune.read_bytes_max},
      lingering_{std::make_unique<lingering_sockets>(context, tune)},
      openings_max_{tune.handshakes_max},
      opening_time_max_{tune.handshake_timeout},
      expensive_per_turn_{tune.handshakes_per_turn},
      expensive_left_{tune.handshakes_per_turn} {}

void socket_transport::adopt(const tuning& fresh) {
  openings_max_ = fresh.handshakes_max;
  opening_time_max_ = fresh.handshake_timeout;
  expensive_per_turn_ = fresh.handshakes_per_turn;
  lingering_->adopt(fresh);
}

socket_transport::~socket_transport() = default;

std::size_t socket_transport::send(broker::transport_id id,
                                   std::span<const base::bytes_view> pieces) {
  constexpr std::size_t batch_max = 256;
  connection& c = at(id);
  if (c.ended || c.failed) return total_of(pieces);
  c.answered = true;
  if (c.write_armed) return 0;
  if (c.sealed) return send_sealed(connections_.handle_of(index_of(id)), c, pieces);
  std::array<iovec, batch_max> batch;
  std::size_t taken_in_all = 0;
  for (std::size_t next = 0; next < pieces.size();) {
    std::size_t count = 0;
    std::size_t size = 0;
    for (; next < pieces.size() && count < batch_max; ++next) {
      if (pieces[next].empty()) continue;
      batch[count++] = {const_cast<std::byte*>(pieces[next].data()), pieces[next].size()};
      size += pieces[next].size();
    }
    if (count == 0) break;
    const ssize_t taken = send_to(c.socket.native_handle(), {batch.data(), count},
                                  next < pieces.size() ? MSG_MORE : 0);
    if (taken < 0 && errno != EAGAIN) {
      c.failed = true;
      make_pending(connections_.handle_of(index_of(id)), c);
      return total_of(pieces);
    }
    if (taken > 0) taken_in_all += static_cast<std::size_t>(taken);
    if (taken < 0 || static_cast<std::size_t>(taken) < size) {
      wait(connections_.handle_of(index_of(id)), c, readiness::writable);
      break;
    }
  }
  return taken_in_all;
}

void socket_transport::close(broker::transport_id id) {
  connection& c = at(id);
  if (c.ended) return;
  c.ended = true;
  ended_.push_back(connections_.handle_of(index_of(id)));
  if (c.failed) return;
  if (c.sealed) {
    c.sealed->finish(room());
    end_sealed(c);
  } else {
    lingering_->add(std::move(c.socket), std::move(c.slot), now_);
  }
}

void socket_transport::set_reading(broker::transport_id id, bool on) {
  connection& c = at(id);
  if (c.ended || c.reading == on) return;
  c.reading = on;
  arm_later(connections_.handle_of(index_of(id)), c);
}

void socket_transport::read_once(broker::transport_id id) {
  connection& c = at(id);
  if (c.ended || c.reading) return;
  c.read_once = true;
  make_pending(connections_.handle_of(index_of(id)), c);
}

std::unique_ptr<broker::detached_transport> socket_transport::detach(broker::transport_id id) {
  connection& c = at(id);
  auto leaving = std::make_unique<detached_socket>();
  if (c.ended) return leaving;
  c.ended = true;
  ended_.push_back(connections_.handle_of(index_of(id)));
  if (!c.failed) leaving->socket = unique_fd{c.socket.release()};
  leaving->slot = std::move(c.slot);
  if (c.sealed) c.sealed->unbind();
  leaving->sealed.reset(c.sealed.release());
  return leaving;
}

broker::transport_id socket_transport::attach(
    std::unique_ptr<broker::detached_transport> from_elsewhere, std::uint64_t token) {
  auto& arriving = dynamic_cast<detached_socket&>(*from_elsewhere);
  const broker::transport_id id = adopt(std::move(arriving.socket), std::move(arriving.slot));
  start(id, token);
  connection& c = at(id);
  c.answered = true;  // its CONNECT has been read
  if (arriving.sealed) {
    c.sealed.reset(arriving.sealed.release());
    c.sealed->bind(room());
    c.sealed->owed = 0;  // nobody here counts it
    push_rest(connections_.handle_of(index_of(id)), c);
  }
  return id;
}

broker::transport_id socket_transport::adopt(unique_fd socket, connection_slot slot) {
  const handle h = connections_.emplace(context_, std::move(slot));
  connection& c = connections_[h.index];
  boost::system::error_code refused;
  if (socket) c.socket.assign(socket.value(), refused);
  if (socket && !refused) {
    static_cast<void>(socket.release());
  } else {
    c.failed = true;
  }
  return broker::transport_id{h.index + 1};
}

void socket_transport::start(broker::transport_id id, broker::connection_token token) {
  connection& c = at(id);
  if (c.ended) return;
  c.token = token;
  c.reading = true;
  arm_later(connections_.handle_of(index_of(id)), c);
}

void socket_transport::run_pending() {
  shake_hands();
  pending_.take_each([this](handle h) {
    connection* const c = connections_.find(h);
    if (c == nullptr) return;
    c->pending = false;
    if (c->ended) return;
    const bool wanted = c->read_once || (c->failed && c->reading);
    c->read_once = false;
    if (wanted) {
      receive(h, *c);
    } else if (c->failed) {
      look_at_paused(h, *c, readiness::error);
    }
  });
}

void socket_transport::end_turn() {
  for (const handle h : to_arm_) {
    connection& c = connections_.at(h);
    c.to_arm = false;
    if (!c.ended) arm(h, c);
  }
  to_arm_.clear();
  for (const handle h : ended_) connections_.erase(h);
  ended_.clear();
  expensive_left_ = expensive_per_turn_;
}

std::size_t socket_transport::lingering() const noexcept {
  return lingering_->size();
}

/// A descriptor that Asio watches has this at least, in its reactor; with each wait under way comes
/// an operation. What TLS has is counted by OpenSSL.
std::size_t socket_transport::memory_size() const noexcept {
  constexpr std::size_t reactor_state = 160;
  constexpr std::size_t operation = 176;
  return connections_.allocated_bytes() + connections_.size() * (reactor_state + operation);
}

std::size_t socket_transport::bytes_per_connection() noexcept {
  return base::slab<connection>::bytes_per_object();
}

std::uint32_t socket_transport::index_of(broker::transport_id id) noexcept {
  GODWIT_ASSERT(id.value() != 0);
  return id.value() - 1;
}

socket_transport::connection& socket_transport::at(broker::transport_id id) noexcept {
  return connections_[index_of(id)];
}

void socket_transport::stream_deleter::operator()(stream* s) const noexcept {
  delete s;
}

/// Asio says that the socket is ready. Aborted waits come here too: their connection is gone.
void socket_transport::ready(handle h, readiness what) {
  connection* const c = connections_.find(h);
  if (c == nullptr) return;
  if (what == readiness::readable) c->read_armed = false;
  if (what == readiness::writable) c->write_armed = false;
  if (what == readiness::error) c->error_armed = false;
  if (c->ended || c->failed) return;
  if (what == readiness::writable) {
    if (c->sealed) push_rest(h, *c);
    if (!c->write_armed && !c->failed && !c->ended && c->token != 0) events_.on_writable(c->token);
  } else if (!c->reading) {
    look_at_paused(h, *c, what);
  } else if (what == readiness::readable) {
    receive(h, *c);
  }
}

void socket_transport::receive(handle h, connection& c) {
  if (c.sealed) {
    receive_sealed(h, c);
    return;
  }
  const ssize_t taken =
      c.socket.is_open() ? receive_from(c.socket.native_handle(), scratch_.get(), scratch_size_, 0)
                         : 0;
  c.error_seen = false;
  if (taken > 0) {
    arm_later(h, c);
    const std::span<std::byte> bytes{scratch_.get(), static_cast<std::size_t>(taken)};
    const bool may_be_secret = !c.answered;
    events_.on_bytes(c.token, bytes);
    if (may_be_secret) base::wipe(bytes);
  } else if (c.failed || (taken < 0 && errno != EAGAIN)) {
    end(h, c, broker::transport_end::lost);
  } else if (taken == 0) {
    end(h, c, broker::transport_end::closed_by_peer);
  } else {
    arm_later(h, c);
  }
}

/// Something happened to a connection that is not being read. An error is reported only once no
/// byte is left in front of it; an end without an error waits until it is read.
void socket_transport::look_at_paused(handle h, connection& c, readiness what) {
  std::byte first{};
  const ssize_t waiting =
      c.socket.is_open() ? receive_from(c.socket.native_handle(), &first, 1, MSG_PEEK) : 0;
  const bool empty = waiting == 0 || (waiting < 0 && errno == EAGAIN);
  const bool error = waiting < 0 && errno != EAGAIN;
  if (error || (c.failed && empty) || (what == readiness::error && waiting == 0)) {
    end(h, c, broker::transport_end::lost);
  } else if (what == readiness::error) {
    c.error_seen = true;  // Waiting again would return at once.
  } else {
    arm_later(h, c);
  }
}

void socket_transport::end(handle h, connection& c, broker::transport_end how) {
  c.ended = true;
  ended_.push_back(h);
  boost::system::error_code ignored;
  c.socket.close(ignored);
  c.slot = connection_slot{};
  events_.on_closed(c.token, how);
}

void socket_transport::make_pending(handle h, connection& c) {
  if (c.pending) return;
  c.pending = true;
  pending_.add(h);
}

void socket_transport::arm_later(handle h, connection& c) {
  if (c.to_arm) return;
  c.to_arm = true;
  to_arm_.push_back(h);
}

void socket_transport::arm(handle h, connection& c) {
  if (c.failed) {
    make_pending(h, c);
  } else if (c.reading) {
    if (!c.read_armed) wait(h, c, readiness::readable);
  } else if (!c.read_armed && !c.error_armed && !c.error_seen) {
    wait(h, c, readiness::error);
  }
}

void socket_transport::wait(handle h, connection& c, readiness what) {
  switch (what) {
    case readiness::readable:
      c.read_armed = true;
      c.socket.async_wait(descriptor::wait_read, on_ready{this, h, what});
      return;
    case readiness::writable:
      c.write_armed = true;
      c.socket.async_wait(descriptor::wait_write, on_ready{this, h, what});
      return;
    case readiness::error:
      c.error_armed = true;
      c.socket.async_wait(descriptor::wait_error, on_ready{this, h, what});
      return;
  }
}

}  // namespace godwit::net
