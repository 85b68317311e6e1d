#include <godwit/net/boot_clock.hpp>

#include <time.h>

#include <chrono>

namespace godwit::net {

base::moment boot_clock::now() const noexcept {
  timespec boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &boot);
  const auto since_boot =
      std::chrono::seconds{boot.tv_sec} + std::chrono::nanoseconds{boot.tv_nsec};
  return {base::steady_time{since_boot}, std::chrono::time_point_cast<std::chrono::milliseconds>(
                                             std::chrono::system_clock::now())};
}

}  // namespace godwit::net
