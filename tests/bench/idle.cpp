#include "client.hpp"
#include "scenarios.hpp"
#include "settled_memory.hpp"

#include <sys/resource.h>

#include <memory>
#include <string>

namespace godwit::bench {
namespace {

class silence final : public message_sink {
 public:
  void on_message(std::uint32_t, const publish_view&, instant) override { ++messages; }
  std::uint64_t messages = 0;
};

std::uint64_t received_octets(const std::vector<std::unique_ptr<subscriber>>& clients) {
  std::uint64_t sum = 0;
  for (const auto& c : clients) sum += c->received_octets();
  return sum;
}

}  // namespace

report run_idle(const options& from) {
  const std::size_t count = from.count != 0 ? from.count : 18'000;
  const std::size_t first = std::min(from.from, count);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (count + 32 > limit.rlim_cur) {
    throw bench_error("only " + std::to_string(limit.rlim_cur) + " open files are allowed here");
  }
  const process_probe broker{from.pid};
  event_loop loop{from.layers()};
  silence sink;
  std::vector<std::unique_ptr<subscriber>> clients;
  std::vector<client*> all;
  for (std::uint32_t i = 0; i < count; ++i) {
    client_settings settings{.server = from.server(),
                             .id = "bench-idle-" + std::to_string(i),
                             .version = from.version,
                             .keep_alive_s = from.keep_alive_s,
                             .source = i % from.sources,
                             .filters = {"bench/" + std::to_string(i) + "/inbox"},
                             .qos = from.qos};
    clients.push_back(std::make_unique<subscriber>(loop, std::move(settings), i, sink));
    all.push_back(clients.back().get());
  }
  const std::span<client* const> everyone{all};
  start_all(loop, everyone.first(first), from.at_once, from.timeout());
  const auto before = settled_memory(loop, broker);
  start_all(loop, everyone.subspan(first), from.at_once, from.timeout());
  const auto after = settled_memory(loop, broker);

  const std::uint64_t octets_before = received_octets(clients);
  stopwatch watch{broker};
  const instant until = steady_clock::now() + std::chrono::duration_cast<nanoseconds>(
                                                  std::chrono::duration<double>{from.hold_s});
  for (instant now = steady_clock::now(); now < until; now = steady_clock::now()) {
    loop.turn(std::min<nanoseconds>(until - now, std::chrono::seconds{1}));
  }
  watch.stop();
  const std::uint64_t unasked = received_octets(clients) - octets_before;

  report result;
  result.add("scenario", from.scenario);
  result.add("connections_from", first);
  result.add("connections", count);
  add_growth(result, "connection", before, after, count - first);
  add_memory(result, "", broker);
  watch.add_to(result, "hold_", "connection", count);
  result.add("unasked_octets", unasked);
  for (const auto& c : clients) c->leave_at_once();
  result.add_verdict(unasked == 0);
  return result;
}

}  // namespace godwit::bench
