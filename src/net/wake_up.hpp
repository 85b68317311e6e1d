#pragma once

#include <godwit/net/socket_transport.hpp>

#include <cstdint>

namespace godwit::net {

/// Wakes the thread that sleeps in a context. `post` would do so under the context's lock,
/// for which the thread then sleeps a second time; this takes none.
class wake_up {
 public:
  /// Throws std::system_error.
  explicit wake_up(shard_context& context);

  /// Any thread, also before the other one sleeps; several calls may wake it once.
  void ring() noexcept;

 private:
  void wait();

  descriptor bell_;
  std::uint64_t rings_ = 0;
};

}  // namespace godwit::net
