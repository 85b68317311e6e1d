#include "boot_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace godwit::net {

boot_timer::boot_timer(shard_context& context, std::function<void()> on_fired)
    : context_{context}, timer_{context}, on_fired_{std::move(on_fired)} {
  unique_fd fd{::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (!fd) throw std::system_error(errno, std::system_category(), "timerfd_create");
  timer_.assign(fd.value());
  static_cast<void>(fd.release());
  wait();
}

void boot_timer::arm(base::steady_time when) {
  if (armed_ && *armed_ <= when) return;
  armed_ = when;
  // All zero would disarm it.
  const auto since_boot = std::max(when.time_since_epoch(), base::duration{1});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec at{};
  at.it_value.tv_sec = seconds.count();
  at.it_value.tv_nsec = (since_boot - seconds).count();
  ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void boot_timer::wait() {
  timer_.async_wait(descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    context_.claim();
    std::uint64_t times = 0;
    const bool fired = ::read(timer_.native_handle(), &times, sizeof times) > 0;
    wait();
    if (!fired) return;
    armed_.reset();
    on_fired_();
  });
}

}  // namespace godwit::net
