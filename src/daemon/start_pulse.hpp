#pragma once

#include "sd_notify.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace godwit::daemon {

/// While it lives, the service manager is asked for more time, so that a large store may take as
/// long as it needs to be read. A start that is quick says nothing.
class start_pulse {
 public:
  /// Every `interval` it asks for `grant` from then on.
  start_pulse(const service_notifier& to, std::chrono::milliseconds interval,
              std::chrono::microseconds grant);
  ~start_pulse();
  start_pulse(const start_pulse&) = delete;
  start_pulse& operator=(const start_pulse&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace godwit::daemon
