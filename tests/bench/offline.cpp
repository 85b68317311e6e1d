#include "client.hpp"
#include "scenarios.hpp"
#include "storing.hpp"
#include "traffic.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace godwit::bench {
namespace {

std::vector<client*> pointers(const auto& owners) {
  std::vector<client*> all;
  for (const auto& owner : owners) all.push_back(owner.get());
  return all;
}

void leave_all(const auto& clients) {
  for (const auto& c : clients) c->leave_at_once();
}

traffic_plan plan_for(const options& from, std::size_t sessions, std::size_t publishers) {
  traffic_plan plan;
  for (std::size_t i = 0; i < sessions; ++i) {
    plan.streams.push_back({.topic = "bench/offline/" + std::to_string(i),
                            .publisher = static_cast<std::uint32_t>(i % publishers),
                            .receiver = static_cast<std::uint32_t>(i)});
  }
  plan.receivers = sessions;
  plan.payload_octets = from.payload_octets;
  plan.qos = std::max<std::uint8_t>(from.qos, 1);
  plan.under_way_max = sessions * from.each;
  return plan;
}

void drain(event_loop& loop, const traffic& messages, nanoseconds timeout) {
  std::uint64_t seen = 0;
  instant progress = steady_clock::now();
  while (!messages.all_arrived()) {
    loop.turn(std::chrono::milliseconds{50});
    const instant now = steady_clock::now();
    if (messages.delivered() != seen) progress = now;
    seen = messages.delivered();
    // What is missing shows as lost in the verdict.
    if (now - progress > timeout) return;
  }
}

}  // namespace

report run_offline(const options& from) {
  const std::size_t sessions = from.count != 0 ? from.count : 100;
  const std::size_t publishers = from.publishers != 0 ? from.publishers : 10;
  const process_probe broker{from.pid};
  event_loop loop{from.payload_octets + 64 * 1024};
  traffic messages{plan_for(from, sessions, publishers)};
  std::vector<std::unique_ptr<subscriber>> away;
  for (std::uint32_t i = 0; i < sessions; ++i) {
    client_settings settings{.server = from.server(),
                             .id = "bench-away-" + std::to_string(i),
                             .version = from.version,
                             .source = i % from.sources,
                             .filters = {messages.stream_at(i).topic},
                             .qos = messages.plan().qos};
    away.push_back(std::make_unique<subscriber>(loop, std::move(settings), i, messages));
  }
  const auto everyone = pointers(away);
  // Once with a clean session, so that an earlier run leaves nothing behind.
  start_all(loop, everyone, from.at_once, from.timeout());
  leave_all(away);
  for (const auto& c : away) c->settings().clean = clean_session::no;
  start_all(loop, everyone, from.at_once, from.timeout());
  leave_all(away);

  storing_publishers store{loop, from, publishers};
  const auto before = broker.memory();
  stopwatch queueing{broker};
  // Session by session within a publisher's share, so that every queue grows at the same pace.
  store.publish(sessions * from.each, [&](std::uint64_t number, instant now) {
    const auto index = static_cast<std::uint32_t>(number % sessions);
    return publish_fields{.topic = messages.stream_at(index).topic,
                          .payload = messages.next_payload(index, now),
                          .qos = messages.plan().qos};
  });
  queueing.stop();
  const auto after = broker.memory();

  stopwatch draining{broker};
  for (const auto& c : away) c->settings().filters.clear();  // the session has them
  start_all(loop, everyone, from.at_once, from.timeout());
  drain(loop, messages, from.timeout());
  draining.stop();
  const bool resumed =
      std::all_of(away.begin(), away.end(), [](const auto& c) { return c->had_session(); });
  ping_all(loop, everyone, from.timeout());
  leave_all(away);
  for (const auto& c : away) c->settings().clean = clean_session::yes;
  start_all(loop, everyone, from.at_once, from.timeout());
  leave_all(away);
  store.leave();

  report result;
  result.add("scenario", from.scenario);
  result.add("qos", messages.plan().qos);
  result.add("sessions", sessions);
  result.add("publishers", publishers);
  result.add("payload_bytes", from.payload_octets);
  queueing.add_to(result, "queue_", "message", messages.published());
  draining.add_to(result, "drain_", "message", messages.delivered());
  add_growth(result, "message", before, after, messages.published());
  add_memory(result, "", broker);
  const faults found = messages.close_books();
  result.add(found);
  result.add("sessions_present", resumed ? "all" : "not all");
  result.add_verdict(found.none() && resumed);
  return result;
}

}  // namespace godwit::bench
