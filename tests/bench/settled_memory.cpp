#include "settled_memory.hpp"

#include <chrono>

namespace godwit::bench {

std::optional<process_memory> settled_memory(event_loop& loop, const process_probe& broker) {
  auto before = broker.memory();
  for (int i = 0; before && i < 10; ++i) {
    const instant until = steady_clock::now() + std::chrono::milliseconds{500};
    for (instant now = steady_clock::now(); now < until; now = steady_clock::now()) {
      loop.turn(until - now);
    }
    const auto after = broker.memory();
    if (after->anonymous_bytes == before->anonymous_bytes) break;
    before = after;
  }
  return before;
}

}  // namespace godwit::bench
