#include "lingering_sockets.hpp"

#include "socket_calls.hpp"

#include <array>

namespace godwit::net {
namespace {

enum class input : std::uint8_t { open, ended };

/// Throws away what has arrived, a bounded amount at a time.
input discard(int fd) noexcept {
  constexpr int steps_max = 16;
  std::array<std::byte, 16'384> unwanted;
  for (int i = 0; i < steps_max; ++i) {
    const ssize_t taken = receive_from(fd, unwanted.data(), unwanted.size(), 0);
    if (taken > 0) continue;
    return taken < 0 && errno == EAGAIN ? input::open : input::ended;
  }
  return input::open;
}

/// Sends what it can of `bytes` and takes it away from them; false on an error.
bool send_some(int fd, base::bytes& bytes) noexcept {
  iovec piece{bytes.data(), bytes.size()};
  const ssize_t taken = bytes.empty() ? 0 : send_to(fd, {&piece, 1}, 0);
  if (taken < 0) return errno == EAGAIN;
  bytes.erase(bytes.begin(), bytes.begin() + taken);
  return true;
}

}  // namespace

lingering_sockets::lingering_sockets(shard_context& context, const tuning& tune)
    : context_{context}, lingering_max_{tune.lingering_max}, linger_max_{tune.linger_max} {}

void lingering_sockets::adopt(const tuning& fresh) noexcept {
  lingering_max_ = fresh.lingering_max;
  linger_max_ = fresh.linger_max;
}

void lingering_sockets::add(descriptor&& socket, connection_slot&& slot, base::steady_time now,
                            base::bytes&& last) {
  descriptor leaving{std::move(socket)};
  const int fd = leaving.native_handle();
  if (!send_some(fd, last)) return;
  if (last.empty() && (::shutdown(fd, SHUT_WR) != 0 || discard(fd) == input::ended)) return;
  if (lingering_max_ == 0) return;
  while (sockets_.size() >= lingering_max_) close(sockets_.handle_of(oldest_));
  const handle h =
      sockets_.emplace(std::move(leaving), std::move(slot), now + linger_max_, std::move(last));
  sockets_[h.index].older = newest_;
  (newest_ == none ? oldest_ : sockets_[newest_].newer) = h.index;
  newest_ = h.index;
  if (sockets_[h.index].last.empty()) {
    wait(h);
  } else {
    wait_for_room(h);
  }
}

void lingering_sockets::expire(base::steady_time now) {
  while (oldest_ != none && sockets_[oldest_].deadline <= now) {
    discard(sockets_[oldest_].socket.native_handle());
    close(sockets_.handle_of(oldest_));
  }
}

std::optional<base::steady_time> lingering_sockets::next_due() const {
  if (oldest_ == none) return std::nullopt;
  return sockets_.at(sockets_.handle_of(oldest_)).deadline;
}

void lingering_sockets::wait(handle h) {
  sockets_.at(h).socket.async_wait(
      descriptor::wait_read, [this, h](const boost::system::error_code& error) {
        context_.claim();
        entry* const e = sockets_.find(h);
        if (e == nullptr) return;
        if (error || discard(e->socket.native_handle()) == input::ended) {
          close(h);
        } else {
          wait(h);
        }
      });
}

/// Until everything is sent; then it lingers as the others do.
void lingering_sockets::wait_for_room(handle h) {
  sockets_.at(h).socket.async_wait(
      descriptor::wait_write, [this, h](const boost::system::error_code& error) {
        context_.claim();
        entry* const e = sockets_.find(h);
        if (e == nullptr) return;
        const int fd = e->socket.native_handle();
        if (error || !send_some(fd, e->last)) {
          close(h);
        } else if (!e->last.empty()) {
          wait_for_room(h);
        } else if (::shutdown(fd, SHUT_WR) != 0 || discard(fd) == input::ended) {
          close(h);
        } else {
          wait(h);
        }
      });
}

void lingering_sockets::close(handle h) {
  const entry& e = sockets_.at(h);
  (e.older == none ? oldest_ : sockets_[e.older].newer) = e.newer;
  (e.newer == none ? newest_ : sockets_[e.newer].older) = e.older;
  sockets_.erase(h);
}

}  // namespace godwit::net
