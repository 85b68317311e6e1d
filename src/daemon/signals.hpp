#pragma once

#include <godwit/net/unique_fd.hpp>

#include <chrono>
#include <cstdint>

namespace godwit::daemon {

/// Takes the process's signals. Made in main before any thread starts, so that every thread
/// inherits the blocked signals and only `wait` sees them. From then on SIGPIPE is ignored.
class signals {
 public:
  signals();
  signals(const signals&) = delete;
  signals& operator=(const signals&) = delete;

  /// stop: SIGTERM or SIGINT. reload: SIGHUP. woken: somebody called `wake`. timeout: nothing came.
  enum class event : std::uint8_t { stop, reload, woken, timeout };
  /// Waits for the next one, at most so long (negative: for ever); a wake comes before signals.
  [[nodiscard]] event wait(std::chrono::milliseconds most);
  /// Any thread; not lost when nobody waits yet.
  void wake() noexcept;
  /// From here on a signal to stop kills the process, whatever its threads do.
  void end_at_next();

 private:
  net::unique_fd signal_fd_;
  net::unique_fd wake_fd_;
};

}  // namespace godwit::daemon
