#pragma once

#include "context.hpp"

#include <godwit/observe/memory_gauge.hpp>

#include <optional>

namespace godwit::sim {

/// Memory gets short, and there is enough again.
class memory_weather {
 public:
  memory_weather(context& c, std::optional<unsigned> trouble_percent)
      : context_{c}, trouble_percent_{trouble_percent.value_or(0)} {}

  /// Changes the level, or nothing.
  void step();
  void clear() { set(observe::memory_level::enough); }
  [[nodiscard]] const observe::memory_gauge& gauge() const noexcept { return gauge_; }

 private:
  void set(observe::memory_level level);

  context& context_;
  unsigned trouble_percent_;
  observe::memory_gauge gauge_;
};

}  // namespace godwit::sim
