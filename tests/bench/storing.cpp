#include "storing.hpp"

#include <string>
#include <utility>

namespace godwit::bench {

storing_publishers::storing_publishers(event_loop& loop, const options& from, std::size_t count)
    : loop_{loop}, timeout_{from.timeout()} {
  std::vector<client*> all;
  for (std::size_t p = 0; p < count; ++p) {
    client_settings settings{
        .server = from.server(), .id = "bench-store-" + std::to_string(p), .version = from.version};
    publishers_.push_back(std::make_unique<publisher>(loop, std::move(settings), from.window));
    all.push_back(publishers_.back().get());
  }
  start_all(loop, all, from.at_once, timeout_);
}

void storing_publishers::publish(std::uint64_t total, const message_maker& make) {
  std::vector<std::uint64_t> next(publishers_.size());
  for (std::size_t p = 0; p < next.size(); ++p) next[p] = p;
  std::uint64_t published = 0;
  std::uint64_t acknowledged = 0;
  instant progress = steady_clock::now();
  while (acknowledged < total) {
    const instant now = steady_clock::now();
    for (std::size_t p = 0; p < next.size(); ++p) {
      for (; next[p] < total && publishers_[p]->room() > 0; next[p] += next.size()) {
        publishers_[p]->publish(make(next[p], now));
        ++published;
      }
    }
    loop_.turn(std::chrono::milliseconds{50});
    if (published - unacknowledged() != acknowledged) progress = now;
    acknowledged = published - unacknowledged();
    if (now - progress > timeout_) {
      throw bench_error("the broker acknowledged " + std::to_string(acknowledged) + " of " +
                        std::to_string(total) + " stored messages, then nothing more");
    }
  }
}

std::uint64_t storing_publishers::unacknowledged() const {
  std::uint64_t sum = 0;
  for (const auto& p : publishers_) sum += p->unacknowledged();
  return sum;
}

void storing_publishers::leave() {
  for (const auto& p : publishers_) p->leave_at_once();
}

}  // namespace godwit::bench
