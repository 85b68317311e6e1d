#pragma once

#include <godwit/base/bytes.hpp>
#include <godwit/net/socket_transport.hpp>

#include <cstdint>
#include <optional>

namespace godwit::net {

/// Connections that the broker has ended and whose peers have not closed yet. Our side is shut
/// down, so the peer sees the end after the last byte; input is thrown away until its end, because
/// closing a socket with unread input, or meeting input after the close, sends a reset that
/// destroys what the peer has not read yet. For one shard's thread.
class lingering_sockets {
 public:
  lingering_sockets(shard_context& context, const tuning& tune);

  /// For those that are added from now on; one with a shorter time waits for those before it.
  void adopt(const tuning& fresh) noexcept;

  /// Sends `last`, then shuts our side down; closes at once when the peer has closed already.
  void add(descriptor&& socket, connection_slot&& slot, base::steady_time now,
           base::bytes&& last = {});
  /// Closes those whose time is over.
  void expire(base::steady_time now);
  [[nodiscard]] std::optional<base::steady_time> next_due() const;
  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }

 private:
  static constexpr std::uint32_t none = 0xffff'ffffU;
  struct entry {
    entry(descriptor&& s, connection_slot&& c, base::steady_time t, base::bytes&& b)
        : socket{std::move(s)}, slot{std::move(c)}, deadline{t}, last{std::move(b)} {}
    descriptor socket;
    connection_slot slot;
    base::steady_time deadline;
    base::bytes last;  // not sent yet; our side is open so long
    std::uint32_t older = none;
    std::uint32_t newer = none;
  };
  using handle = base::slab<entry>::handle_type;

  void wait(handle h);
  void wait_for_room(handle h);
  void close(handle h);

  shard_context& context_;
  std::size_t lingering_max_;
  base::duration linger_max_;
  base::slab<entry> sockets_;
  std::uint32_t oldest_ = none;  // by deadline, as long as all have the same time
  std::uint32_t newest_ = none;
};

}  // namespace godwit::net
