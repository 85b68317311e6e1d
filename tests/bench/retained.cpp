#include "client.hpp"
#include "scenarios.hpp"
#include "settled_memory.hpp"
#include "storing.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

namespace godwit::bench {
namespace {

constexpr std::size_t topics_per_branch = 100;
constexpr std::uint8_t filler = 0x5a;

std::string topic_of(std::uint64_t number) {
  return "bench/retained/" + std::to_string(number / topics_per_branch) + "/" +
         std::to_string(number % topics_per_branch);
}

/// Judges one replay: every message exactly once, in any order, with the retain flag.
class replay final : public message_sink {
 public:
  replay(std::size_t count, std::size_t payload_octets)
      : seen_(count, 0), payload_octets_{payload_octets} {}

  void on_message(std::uint32_t, const publish_view& message, instant) override {
    std::uint64_t number = seen_.size();
    const octet_view rest =
        message.payload.subspan(std::min(sizeof number, message.payload.size()));
    if (message.payload.size() == payload_octets_ &&
        std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == filler; })) {
      std::memcpy(&number, message.payload.data(), sizeof number);
    }
    if (number >= seen_.size() || !message.retain) {
      ++found_.corrupted;
      return;
    }
    const std::string topic = topic_of(number);
    if (!std::equal(message.topic.begin(), message.topic.end(), topic.begin(), topic.end())) {
      ++found_.misrouted;
      return;
    }
    if (seen_[number]++ != 0) {
      ++found_.duplicated;
      return;
    }
    ++arrived_;
  }

  [[nodiscard]] std::size_t arrived() const { return arrived_; }
  [[nodiscard]] bool is_complete() const { return arrived_ == seen_.size(); }
  [[nodiscard]] faults verdict() const {
    faults result = found_;
    result.lost = seen_.size() - arrived_;
    return result;
  }

 private:
  std::vector<std::uint8_t> seen_;
  std::size_t payload_octets_;
  std::size_t arrived_ = 0;
  faults found_;
};

void add_faults(faults& sum, const faults& more) {
  sum.lost += more.lost;
  sum.duplicated += more.duplicated;
  sum.out_of_order += more.out_of_order;
  sum.misrouted += more.misrouted;
  sum.corrupted += more.corrupted;
}

/// One fresh subscriber; returns what was wrong with what it got.
faults replay_once(event_loop& loop, const options& from, std::size_t count) {
  replay sink{count, from.payload_octets};
  subscriber reader{loop,
                    {.server = from.server(),
                     .id = "bench-retained-reader",
                     .version = from.version,
                     .filters = {"bench/retained/#"},
                     .qos = from.qos},
                    0,
                    sink};
  client* const only[] = {&reader};
  start_all(loop, only, 1, from.timeout());
  instant progress = steady_clock::now();
  std::size_t seen = 0;
  while (!sink.is_complete()) {
    loop.turn(std::chrono::milliseconds{50});
    const instant now = steady_clock::now();
    if (sink.arrived() != seen) progress = now;
    seen = sink.arrived();
    if (now - progress > from.timeout()) break;
  }
  ping_all(loop, only, from.timeout());
  reader.leave_at_once();
  return sink.verdict();
}

}  // namespace

report run_retained(const options& from) {
  const std::size_t count = from.count != 0 ? from.count : 100'000;
  const std::size_t publishers = from.publishers != 0 ? from.publishers : 10;
  if (from.payload_octets < sizeof(std::uint64_t)) throw bench_error("the payload is too small");
  const process_probe broker{from.pid};
  event_loop loop{from.layers(), from.payload_octets + 64 * 1024};
  storing_publishers store{loop, from, publishers};
  octets payload(from.payload_octets, filler);
  const auto store_all = [&](octet_view content) {
    std::string topic;
    store.publish(count, [&](std::uint64_t number, instant) {
      topic = topic_of(number);
      std::memcpy(payload.data(), &number, sizeof number);
      return publish_fields{
          .topic = topic, .payload = content, .qos = 1, .retain = retain_flag::set};
    });
  };

  const auto before = settled_memory(loop, broker);
  stopwatch storing{broker};
  store_all(payload);
  storing.stop();
  const auto after = settled_memory(loop, broker);
  faults found;
  stopwatch replaying{broker};
  for (std::size_t i = 0; i < from.rounds; ++i) {
    add_faults(found, replay_once(loop, from, count));
  }
  replaying.stop();
  store_all({});  // an empty payload clears them
  store.leave();

  report result;
  result.add("scenario", from.scenario);
  result.add("qos", from.qos);
  result.add("payload_bytes", from.payload_octets);
  result.add("rounds", from.rounds);
  storing.add_to(result, "store_", "message", count);
  replaying.add_to(result, "replay_", "message", count * from.rounds);
  add_growth(result, "message", before, after, count);
  add_memory(result, "", broker);
  result.add(found);
  result.add_verdict(found.none());
  return result;
}

}  // namespace godwit::bench
