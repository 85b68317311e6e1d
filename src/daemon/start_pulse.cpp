#include "start_pulse.hpp"

#include <godwit/net/signals_blocked.hpp>

namespace godwit::daemon {

start_pulse::start_pulse(const service_notifier& to, std::chrono::milliseconds interval,
                         std::chrono::microseconds grant) {
  const net::signals_blocked here;
  thread_ = std::thread{[this, &to, interval, grant] {
    std::unique_lock lock{mutex_};
    while (!ended_.wait_for(lock, interval, [this] { return is_over_; })) {
      static_cast<void>(to.extend(grant, "Reading the store"));
    }
  }};
}

start_pulse::~start_pulse() {
  {
    const std::lock_guard lock{mutex_};
    is_over_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

}  // namespace godwit::daemon
