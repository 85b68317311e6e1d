#include "client.hpp"
#include "scenarios.hpp"
#include "settled_memory.hpp"
#include "storing.hpp"
#include "traffic.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace godwit::bench {
namespace {

traffic_plan plan_for(const options& from, std::size_t sessions, std::size_t publishers) {
  traffic_plan plan;
  if (from.same_topic) {
    plan.streams.push_back({.topic = "bench/offline/all"});
    plan.to = audience::everyone;
  } else {
    // A stream has one publisher, because only then it has an order. A multiple of them, because
    // they take the streams in turn.
    const std::size_t most = std::max(sessions, publishers);
    const std::size_t streams = (most + publishers - 1) / publishers * publishers;
    for (std::size_t i = 0; i < streams; ++i) {
      plan.streams.push_back({.topic = "bench/offline/" + std::to_string(i),
                              .publisher = static_cast<std::uint32_t>(i % publishers),
                              .receiver = static_cast<std::uint32_t>(i % sessions)});
    }
  }
  plan.receivers = sessions;
  plan.payload_octets = from.payload_octets;
  plan.qos = std::max<std::uint8_t>(from.qos, 1);
  plan.under_way_max = plan.streams.size() * from.each;
  return plan;
}

std::vector<std::string> topics_of(const traffic_plan& plan, std::uint32_t receiver) {
  std::vector<std::string> topics;
  for (const auto& s : plan.streams) {
    if (plan.to == audience::everyone || s.receiver == receiver) topics.push_back(s.topic);
  }
  return topics;
}

/// Sessions that are away while messages come for them.
class offline {
 public:
  explicit offline(const options& from);
  report run();

 private:
  void make_sessions();
  void queue();
  /// As if this run had published what an earlier one did.
  void assume_queued();
  void take();
  void delete_sessions();
  void log_in(clean_session clean);
  void leave_all();

  const options& from_;
  std::size_t publishers_;
  process_probe broker_;
  event_loop loop_;
  traffic messages_;
  std::vector<std::unique_ptr<subscriber>> away_;
  std::vector<client*> everyone_;
  report result_;
};

offline::offline(const options& from)
    : from_{from},
      // With one topic its order is one publisher's.
      publishers_{from.publishers != 0 ? from.publishers : std::size_t{from.same_topic ? 1U : 10U}},
      broker_{from.pid},
      loop_{from.layers(), from.payload_octets + 64 * 1024},
      messages_{plan_for(from, from.count != 0 ? from.count : 100, publishers_)} {
  if (from.same_topic && publishers_ != 1) {
    throw bench_error("--same-topic is for one publisher");
  }
  const traffic_plan& plan = messages_.plan();
  for (std::uint32_t i = 0; i < plan.receivers; ++i) {
    client_settings settings{.server = from.server(),
                             .id = "bench-away-" + std::to_string(i),
                             .version = from.version,
                             .source = i % from.sources,
                             .filters = topics_of(plan, i),
                             .qos = plan.qos};
    away_.push_back(std::make_unique<subscriber>(loop_, std::move(settings), i, messages_));
    everyone_.push_back(away_.back().get());
  }
}

void offline::log_in(clean_session clean) {
  for (const auto& c : away_) c->settings().clean = clean;
  start_all(loop_, everyone_, from_.at_once, from_.timeout());
}

void offline::leave_all() {
  for (const auto& c : away_) c->leave_at_once();
}

void offline::make_sessions() {
  // Once with a clean session, so that an earlier run leaves nothing behind.
  log_in(clean_session::yes);
  leave_all();
  log_in(clean_session::no);
  leave_all();
}

void offline::delete_sessions() {
  log_in(clean_session::yes);
  leave_all();
}

void offline::queue() {
  storing_publishers store{loop_, from_, publishers_};
  const auto streams = messages_.plan().streams.size();
  const auto before = settled_memory(loop_, broker_);
  stopwatch queueing{broker_};
  // Stream by stream within a publisher's share, so that every queue grows at the same pace.
  store.publish(streams * from_.each, [&](std::uint64_t number, instant now) {
    const auto index = static_cast<std::uint32_t>(number % streams);
    return publish_fields{.topic = messages_.stream_at(index).topic,
                          .payload = messages_.next_payload(index, now),
                          .qos = messages_.plan().qos};
  });
  queueing.stop();
  const auto after = settled_memory(loop_, broker_);
  store.leave();
  queueing.add_to(result_, "queue_", "message", messages_.published());
  result_.add("acknowledgement_us", store.latencies());
  add_growth(result_, "message", before, after, messages_.expected());
}

void offline::assume_queued() {
  const auto streams = static_cast<std::uint32_t>(messages_.plan().streams.size());
  for (std::uint32_t index = 0; index < streams; ++index) {
    for (std::size_t n = 0; n < from_.each; ++n) {
      static_cast<void>(messages_.next_payload(index, steady_clock::now()));
    }
  }
}

void offline::take() {
  stopwatch draining{broker_};
  for (const auto& c : away_) c->settings().filters.clear();  // the session has them
  log_in(clean_session::no);
  std::uint64_t seen = 0;
  instant progress = steady_clock::now();
  while (!messages_.all_arrived()) {
    loop_.turn(std::chrono::milliseconds{50});
    const instant now = steady_clock::now();
    if (messages_.delivered() != seen) progress = now;
    seen = messages_.delivered();
    // What is missing shows as lost in the verdict.
    if (now - progress > from_.timeout()) break;
  }
  draining.stop();
  ping_all(loop_, everyone_, from_.timeout());
  leave_all();
  draining.add_to(result_, "drain_", "message", messages_.delivered());
}

report offline::run() {
  result_.add("scenario", from_.scenario);
  result_.add("qos", messages_.plan().qos);
  result_.add("sessions", away_.size());
  result_.add("publishers", publishers_);
  result_.add("payload_bytes", from_.payload_octets);
  if (from_.resume) {
    assume_queued();
  } else {
    make_sessions();
    queue();
  }
  add_memory(result_, "", broker_);
  if (from_.keep) {
    result_.add_verdict(true);  // the run that takes it judges
    return result_;
  }
  take();
  const bool resumed =
      std::all_of(away_.begin(), away_.end(), [](const auto& c) { return c->had_session(); });
  delete_sessions();
  const faults found = messages_.close_books();
  result_.add(found);
  result_.add("sessions_present", resumed ? "all" : "not all");
  result_.add_verdict(found.none() && resumed);
  return result_;
}

}  // namespace

report run_offline(const options& from) {
  return offline{from}.run();
}

}  // namespace godwit::bench
