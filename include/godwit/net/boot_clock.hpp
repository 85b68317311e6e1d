#pragma once

#include <godwit/base/clock.hpp>

namespace godwit::net {

/// The real time: CLOCK_BOOTTIME, which goes on while the machine sleeps, and the system's wall
/// clock. Any thread.
class boot_clock final : public base::clock {
 public:
  [[nodiscard]] base::moment now() const noexcept override;
};

}  // namespace godwit::net
