#include "storing.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace godwit::bench {

storing_publishers::storing_publishers(event_loop& loop, const options& from, std::size_t count)
    : loop_{loop}, timeout_{from.timeout()}, rate_{from.rate} {
  std::vector<client*> all;
  for (std::size_t p = 0; p < count; ++p) {
    client_settings settings{
        .server = from.server(), .id = "bench-store-" + std::to_string(p), .version = from.version};
    publishers_.push_back(std::make_unique<publisher>(loop, std::move(settings), from.window));
    publishers_.back()->record_acknowledgements(latencies_);
    all.push_back(publishers_.back().get());
  }
  start_all(loop, all, from.at_once, timeout_);
}

void storing_publishers::publish(std::uint64_t total, const message_maker& make) {
  std::vector<std::uint64_t> next(publishers_.size());
  for (std::size_t p = 0; p < next.size(); ++p) next[p] = p;
  std::uint64_t published = 0;
  std::uint64_t acknowledged = 0;
  const instant begin = steady_clock::now();
  instant progress = begin;
  while (acknowledged < total) {
    const instant now = steady_clock::now();
    const std::uint64_t until = std::min(total, due(begin, now));
    for (std::size_t p = 0; p < next.size(); ++p) {
      for (; next[p] < until && publishers_[p]->room() > 0; next[p] += next.size()) {
        publishers_[p]->publish(make(next[p], now));
        ++published;
      }
    }
    loop_.turn(patience(begin, published));
    if (published - unacknowledged() != acknowledged) progress = now;
    acknowledged = published - unacknowledged();
    if (now - progress > timeout_) {
      throw bench_error("the broker acknowledged " + std::to_string(acknowledged) + " of " +
                        std::to_string(total) + " stored messages, then nothing more");
    }
  }
}

/// How many messages may have been published by now.
std::uint64_t storing_publishers::due(instant begin, instant now) const {
  if (rate_ <= 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(std::chrono::duration<double>(now - begin).count() * rate_);
}

nanoseconds storing_publishers::patience(instant begin, std::uint64_t published) const {
  const nanoseconds longest = std::chrono::milliseconds{50};
  if (rate_ <= 0) return longest;
  const std::chrono::duration<double> next{static_cast<double>(published + 1) / rate_};
  const instant when = begin + std::chrono::duration_cast<nanoseconds>(next);
  return std::min(longest, when - steady_clock::now());
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
