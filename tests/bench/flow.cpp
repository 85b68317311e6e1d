#include "client.hpp"
#include "scenarios.hpp"
#include "settled_memory.hpp"
#include "shape.hpp"
#include "traffic.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace godwit::bench {
namespace {

class flow {
 public:
  explicit flow(const options& from);
  report run();

 private:
  enum class phase : std::uint8_t { warmup, measure, drain };

  void start_clients();
  void delete_sessions();
  void exchange();
  void advance(instant now);
  void pump(instant now);
  void publish_one(std::size_t publisher_index, instant now);
  [[nodiscard]] std::size_t allowance(instant now) const;
  [[nodiscard]] nanoseconds patience(instant now) const;
  [[nodiscard]] bool is_settled() const;
  [[nodiscard]] bool weighs_filters() const { return from_.scenario == "filters"; }
  void watch_progress(instant now);
  [[nodiscard]] report results();

  const options& from_;
  process_probe broker_;
  shape shape_;
  traffic traffic_;
  event_loop loop_;
  std::vector<std::unique_ptr<publisher>> publishers_;
  std::vector<std::unique_ptr<subscriber>> subscribers_;
  std::vector<client*> all_;
  std::vector<std::vector<std::uint32_t>> streams_of_;  // per publisher
  std::vector<std::size_t> next_stream_;
  std::size_t cursor_ = 0;
  phase phase_ = phase::warmup;
  instant begin_;
  instant phase_end_;
  stopwatch watch_;
  std::uint64_t delivered_before_ = 0;
  std::uint64_t measured_ = 0;
  std::uint64_t quota_ = 0;  // messages to be published when --messages was given
  std::uint64_t progress_count_ = 0;
  instant progress_;
  bool stalled_ = false;
  std::optional<process_memory> memory_before_;
  std::optional<process_memory> memory_after_;
};

nanoseconds from_seconds(double seconds) {
  return nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

flow::flow(const options& from)
    : from_{from},
      broker_{from.pid},
      shape_{make_shape(from)},
      traffic_{shape_.plan},
      loop_{from.layers(), from.payload_octets + 64 * 1024},
      streams_of_(shape_.publishers),
      next_stream_(shape_.publishers, 0),
      watch_{broker_} {
  for (std::uint32_t i = 0; i < shape_.plan.streams.size(); ++i) {
    streams_of_[shape_.plan.streams[i].publisher].push_back(i);
  }
}

void flow::start_clients() {
  client_settings settings{.server = from_.server(), .version = from_.version, .qos = from_.qos};
  for (std::size_t r = 0; r < shape_.filters.size(); ++r) {
    settings.id = "bench-sub-" + std::to_string(r);
    settings.source = static_cast<std::uint32_t>(r) % from_.sources;
    settings.filters = std::move(shape_.filters[r]);
    subscribers_.push_back(std::make_unique<subscriber>(loop_, std::move(settings),
                                                        static_cast<std::uint32_t>(r), traffic_));
    settings = {.server = from_.server(), .version = from_.version, .qos = from_.qos};
    all_.push_back(subscribers_.back().get());
  }
  if (from_.persistent) {
    // Once with a clean session, so that an earlier run leaves nothing behind.
    start_all(loop_, all_, from_.at_once, from_.timeout());
    for (const auto& s : subscribers_) {
      s->leave_at_once();
      s->settings().clean = clean_session::no;
    }
  }
  if (weighs_filters()) memory_before_ = settled_memory(loop_, broker_);
  start_all(loop_, all_, from_.at_once, from_.timeout());
  if (weighs_filters()) memory_after_ = settled_memory(loop_, broker_);
  for (std::size_t p = 0; p < shape_.publishers; ++p) {
    settings.id = "bench-pub-" + std::to_string(p);
    settings.source = static_cast<std::uint32_t>(p) % from_.sources;
    publishers_.push_back(std::make_unique<publisher>(loop_, settings, from_.window));
    all_.push_back(publishers_.back().get());
  }
  start_all(loop_, std::span{all_}.subspan(subscribers_.size()), from_.at_once, from_.timeout());
}

report flow::run() {
  start_clients();
  exchange();
  // Whatever the broker still had for anyone comes before the answer to a ping.
  if (!stalled_) ping_all(loop_, all_, from_.timeout());
  report result = results();
  for (client* c : all_) c->leave_at_once();
  if (from_.persistent) delete_sessions();
  return result;
}

void flow::delete_sessions() {
  std::vector<client*> owners;
  for (const auto& s : subscribers_) {
    s->settings().clean = clean_session::yes;
    owners.push_back(s.get());
  }
  start_all(loop_, owners, from_.at_once, from_.timeout());
  for (client* c : owners) c->leave_at_once();
}

void flow::exchange() {
  begin_ = steady_clock::now();
  progress_ = begin_;
  phase_end_ = begin_ + from_seconds(from_.warmup_s);
  while (!stalled_) {
    const instant now = steady_clock::now();
    advance(now);
    if (phase_ == phase::drain && is_settled()) return;
    if (phase_ != phase::drain) pump(now);
    loop_.turn(patience(now));
    watch_progress(now);
  }
}

void flow::advance(instant now) {
  if (phase_ == phase::warmup && now >= phase_end_) {
    phase_ = phase::measure;
    phase_end_ = from_.messages != 0 ? instant::max() : now + from_seconds(from_.seconds);
    quota_ = from_.messages != 0 ? traffic_.published() + from_.messages : 0;
    delivered_before_ = traffic_.delivered();
    traffic_.start_recording();
    watch_.start();
  }
  if (phase_ != phase::measure) return;
  const bool quota_used = quota_ != 0 && traffic_.published() >= quota_ && traffic_.all_arrived();
  if (now < phase_end_ && !quota_used) return;
  watch_.stop();
  traffic_.stop_recording();
  measured_ = traffic_.delivered() - delivered_before_;
  phase_ = phase::drain;
}

/// How many messages may be published now.
std::size_t flow::allowance(instant now) const {
  std::size_t allowed = traffic_.credit();
  if (quota_ != 0) {
    allowed = std::min<std::size_t>(allowed,
                                    quota_ - std::min<std::uint64_t>(quota_, traffic_.published()));
  }
  if (from_.rate > 0) {
    const double due = std::chrono::duration<double>(now - begin_).count() * from_.rate;
    const auto whole = static_cast<std::uint64_t>(due);
    allowed = std::min<std::size_t>(allowed,
                                    whole - std::min<std::uint64_t>(whole, traffic_.published()));
  }
  return allowed;
}

nanoseconds flow::patience(instant now) const {
  nanoseconds longest = std::chrono::milliseconds{50};
  if (phase_ == phase::drain) return longest;
  if (phase_end_ != instant::max()) longest = std::min(longest, phase_end_ - now);
  if (from_.rate > 0) {
    const double next = static_cast<double>(traffic_.published() + 1) / from_.rate;
    longest = std::min(longest, begin_ + from_seconds(next) - now);
  }
  return longest;
}

void flow::pump(instant now) {
  std::size_t allowed = allowance(now);
  for (std::size_t idle = 0; idle < publishers_.size() && allowed > 0; ++idle) {
    const std::size_t index = cursor_;
    publisher& from = *publishers_[index];
    // The last messages of a quota may be fewer than a batch.
    const bool last = quota_ != 0 && quota_ - traffic_.published() < shape_.batch_min;
    if (allowed < shape_.batch_min && !last) return;
    cursor_ = cursor_ + 1 == publishers_.size() ? 0 : cursor_ + 1;
    std::size_t count = std::min(allowed, shape_.batch_max);
    if (from_.qos > 0) count = std::min(count, from.room());
    if (from.is_blocked() || count == 0) continue;
    for (std::size_t i = 0; i < count; ++i) publish_one(index, now);
    allowed = allowance(now);
    idle = 0;
  }
}

void flow::publish_one(std::size_t publisher_index, instant now) {
  const auto& streams = streams_of_[publisher_index];
  std::size_t& next = next_stream_[publisher_index];
  const std::uint32_t stream_index = streams[next];
  next = next + 1 == streams.size() ? 0 : next + 1;
  publishers_[publisher_index]->publish({.topic = traffic_.stream_at(stream_index).topic,
                                         .payload = traffic_.next_payload(stream_index, now),
                                         .qos = from_.qos});
}

bool flow::is_settled() const {
  const bool acknowledged = std::all_of(publishers_.begin(), publishers_.end(),
                                        [](const auto& p) { return p->unacknowledged() == 0; });
  return acknowledged && traffic_.all_arrived();
}

void flow::watch_progress(instant now) {
  const std::uint64_t count = traffic_.published() + traffic_.delivered();
  if (count != progress_count_) {
    progress_count_ = count;
    progress_ = now;
  }
  if (now - progress_ <= from_.timeout()) return;
  stalled_ = true;
  if (phase_ != phase::drain) {
    watch_.stop();
    measured_ = traffic_.delivered() - delivered_before_;
  }
}

report flow::results() {
  if (measured_ == 0 && !stalled_) throw bench_error("no message arrived while measuring");
  report result;
  result.add("scenario", from_.scenario);
  result.add("protocol", name_of(from_.version));
  result.add("qos", from_.qos);
  result.add("publishers", publishers_.size());
  result.add("subscribers", subscribers_.size());
  result.add("payload_bytes", from_.payload_octets);
  result.add("under_way_max", shape_.plan.under_way_max);
  result.add("window", from_.window);
  result.add("subscriber_sessions", from_.persistent ? "persistent" : "clean");
  watch_.add_to(result, "", "message", measured_);
  result.add(traffic_.latencies());
  add_memory(result, "", broker_);
  if (weighs_filters()) {
    add_growth(result, "filter", memory_before_, memory_after_, shape_.plan.streams.size());
  }
  result.add("published", traffic_.published());
  result.add("delivered", traffic_.delivered());
  const faults found = traffic_.close_books();
  result.add(found);
  std::uint64_t unacknowledged = 0;
  for (const auto& p : publishers_) unacknowledged += p->unacknowledged();
  result.add("unacknowledged", unacknowledged);
  if (stalled_) result.add("stalled", "no progress within the timeout");
  result.add_verdict(found.none() && unacknowledged == 0 && !stalled_);
  return result;
}

}  // namespace

report run_flow(const options& from) {
  return flow{from}.run();
}

}  // namespace godwit::bench
