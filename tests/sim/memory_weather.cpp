#include "memory_weather.hpp"

namespace godwit::sim {

using observe::memory_level;

void memory_weather::step() {
  if (trouble_percent_ == 0) return;
  const bool is_short = gauge_.level() != memory_level::enough;
  if (!context_.chance(is_short ? 10 : trouble_percent_)) return;
  if (is_short && context_.chance(60)) return clear();
  constexpr auto levels = static_cast<std::size_t>(memory_level::count_);
  set(static_cast<memory_level>(context_.below(levels)));
}

void memory_weather::set(memory_level level) {
  const memory_level before = gauge_.level();
  if (level == before) return;
  context_.note("memory is at level " + std::string{name(level)});
  gauge_.set(level);
  if (level != memory_level::enough) {
    context_.count(fault::memory_short);
    context_.memory_short_until = never;
  } else {
    context_.memory_short_until = context_.mark();
  }
}

}  // namespace godwit::sim
