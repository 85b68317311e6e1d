#include "client.hpp"
#include "scenarios.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace godwit::bench {
namespace {

class silence final : public message_sink {
 public:
  void on_message(std::uint32_t, const publish_view&, instant) override {
    throw bench_error("a message arrived although nobody publishes");
  }
};

/// A number of clients that each log in, subscribe, say goodbye, wait for the broker to close,
/// and begin again under a new name.
class revolving_door {
 public:
  explicit revolving_door(const options& from) : from_{from}, loop_{from.layers()} {
    for (std::uint32_t i = 0; i < from.at_once; ++i) {
      client_settings settings{.server = from.server(),
                               .version = from.version,
                               .filters = {"bench/connect/" + std::to_string(i)},
                               .qos = from.qos};
      clients_.push_back(std::make_unique<subscriber>(loop_, std::move(settings), i, sink_));
    }
  }

  /// Keeps the door turning for a time, or until it has turned `limit` times.
  std::uint64_t turn_for(double seconds, std::uint64_t limit) {
    const std::uint64_t before = finished_;
    const instant begin = steady_clock::now();
    instant progress = begin;
    for (instant now = begin; std::chrono::duration<double>(now - begin).count() < seconds;
         now = steady_clock::now()) {
      const std::uint64_t seen = finished_;
      step();
      if (finished_ - before >= limit) break;
      if (finished_ != seen) progress = now;
      if (now - progress > from_.timeout()) {
        throw bench_error("no client got through connect, subscribe and disconnect; client " +
                          clients_.front()->settings().id + " stands still");
      }
    }
    return finished_ - before;
  }

  void shut() {
    for (const auto& c : clients_) c->leave_at_once();
  }

 private:
  void step() {
    for (const auto& c : clients_) {
      if (c->is_ready()) c->leave();
      if (c->at() != client::stage::closed) continue;
      if (!c->settings().id.empty()) ++finished_;
      c->settings().id = "bench-connect-" + std::to_string(++named_);
      c->settings().source = static_cast<std::uint32_t>(named_ % from_.sources);
      c->start();
    }
    loop_.turn(std::chrono::milliseconds{50});
  }

  const options& from_;
  event_loop loop_;
  silence sink_;
  std::vector<std::unique_ptr<subscriber>> clients_;
  std::uint64_t named_ = 0;
  std::uint64_t finished_ = 0;
};

}  // namespace

report run_connect(const options& from) {
  const process_probe broker{from.pid};
  revolving_door door{from};
  door.turn_for(from.warmup_s, UINT64_MAX);
  stopwatch watch{broker};
  const std::uint64_t limit = from.messages != 0 ? from.messages : UINT64_MAX;
  const std::uint64_t count = door.turn_for(from.messages != 0 ? 3600 : from.seconds, limit);
  watch.stop();
  door.shut();

  report result;
  result.add("scenario", from.scenario);
  result.add("at_once", from.at_once);
  watch.add_to(result, "", "connection", count);
  add_memory(result, "", broker);
  result.add_verdict(count > 0);
  return result;
}

}  // namespace godwit::bench
