#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <system_error>

namespace godwit::daemon {

/// Tells the service manager how the broker is, as sd_notify(3) describes: one datagram a message,
/// to the Unix socket that NOTIFY_SOCKET names ('@' first: an abstract one). Without a socket it
/// does nothing. A message that cannot be delivered at once is dropped: telling never blocks or
/// fails the broker.
class service_notifier {
 public:
  /// `socket` as in NOTIFY_SOCKET; empty: nobody to tell.
  explicit service_notifier(std::string socket) : socket_(std::move(socket)) {}

  /// Clients can connect, also again after a reload.
  std::error_code ready(std::string_view status) const;
  /// A reload began at `monotonic` (CLOCK_MONOTONIC); `ready` ends it.
  std::error_code reloading(std::chrono::microseconds monotonic) const;
  std::error_code stopping(std::string_view status) const;
  /// A start may take `more` from now on.
  std::error_code extend(std::chrono::microseconds more, std::string_view status) const;
  /// The broker is alive, all of it.
  std::error_code alive() const;

 private:
  std::error_code send(std::string_view state) const;

  std::string socket_;
};

}  // namespace godwit::daemon
