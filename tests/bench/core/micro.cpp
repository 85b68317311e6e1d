// Microbenchmarks of the parts that every message passes: codec, routing, timers, and a whole shard
// without sockets.
#include "core/bare_broker.hpp"
#include "support/packets.hpp"

#include <godwit/base/timer_wheel.hpp>
#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/frame_reader.hpp>
#include <godwit/routing/router.hpp>

#include <benchmark/benchmark.h>

namespace godwit::bench {
namespace {

using benchmark::State;

base::bytes a_publish(mqtt::qos quality) {
  const auto id = static_cast<std::uint16_t>(quality == test::qos0 ? 0 : 7);
  return test::publish_packet("plant/12/line/4", std::string(64, 'x'),
                              {.quality = quality, .id = id});
}

void decode_publish(State& state) {
  const base::bytes bytes = a_publish(static_cast<mqtt::qos>(state.range(0)));
  for (auto _ : state) {
    const auto frame = mqtt::next_frame(bytes, mqtt::protocol_version::v311,
                                        mqtt::frame_source::client, mqtt::remaining_length_max);
    auto packet = mqtt::decode_publish(**frame, mqtt::protocol_version::v311);
    benchmark::DoNotOptimize(packet);
  }
}
BENCHMARK(decode_publish)->Arg(0)->Arg(1);

void encode_publish(State& state) {
  const base::bytes bytes = a_publish(static_cast<mqtt::qos>(state.range(0)));
  const auto frame = mqtt::next_frame(bytes, mqtt::protocol_version::v311,
                                      mqtt::frame_source::client, mqtt::remaining_length_max);
  const auto packet = mqtt::decode_publish(**frame, mqtt::protocol_version::v311);
  base::bytes out;
  for (auto _ : state) {
    out.clear();
    mqtt::encode(*packet, mqtt::protocol_version::v311, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode_publish)->Arg(0)->Arg(1);

/// `filters` exact ones and a tenth as many with a wildcard; topics hit each in turn.
struct filled_router {
  explicit filled_router(std::size_t filters, std::size_t cached) : router{{}, interest, cached} {
    for (std::size_t i = 0; i < filters; ++i) {
      topics.push_back("site/" + std::to_string(i % 97) + "/unit/" + std::to_string(i));
      router.subscribe(topics.back(), routing::subscriber_id{static_cast<std::uint32_t>(i % 20)},
                       {});
      if (i % 10 != 0) continue;
      router.subscribe("site/+/unit/" + std::to_string(i), routing::subscriber_id{20}, {});
    }
  }
  routing::interest_table interest{1, 0};
  routing::router router;
  std::vector<std::string> topics;
};

void resolve(State& state, std::size_t cached) {
  filled_router r{static_cast<std::size_t>(state.range(0)), cached};
  for (const std::string& topic : r.topics) std::ignore = r.router.resolve(topic);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(r.router.resolve(r.topics[i]).subscribers.data());
    i = i + 1 == r.topics.size() ? 0 : i + 1;
  }
}
void resolve_cached(State& state) {
  resolve(state, 1'000'000);
}
void resolve_in_the_trie(State& state) {
  resolve(state, 1);
}
BENCHMARK(resolve_cached)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(resolve_in_the_trie)->Arg(10)->Arg(1'000)->Arg(100'000);

void subscribe_and_unsubscribe(State& state) {
  filled_router r{static_cast<std::size_t>(state.range(0)), 1'000};
  for (auto _ : state) {
    r.router.subscribe("site/5/unit/new", routing::subscriber_id{30}, {});
    r.router.unsubscribe("site/5/unit/new", routing::subscriber_id{30});
  }
}
BENCHMARK(subscribe_and_unsubscribe)->Arg(10)->Arg(1'000)->Arg(100'000);

void arm_and_cancel_a_timer(State& state) {
  base::timer_wheel<std::uint64_t> wheel;
  base::steady_time now{std::chrono::hours{1}};
  for (int i = 0; i < state.range(0); ++i) wheel.schedule(now + std::chrono::seconds{60 + i}, 1);
  for (auto _ : state) {
    const auto token = wheel.schedule(now + std::chrono::seconds{90}, 2);
    wheel.cancel(token);
  }
}
BENCHMARK(arm_and_cancel_a_timer)->Arg(10)->Arg(100'000);

/// Each timer that fires is armed anew, so the number stays.
void fire_a_timer(State& state) {
  base::timer_wheel<std::uint64_t> wheel;
  base::steady_time now{std::chrono::hours{1}};
  for (int i = 0; i < state.range(0); ++i) {
    wheel.schedule(now + std::chrono::milliseconds{10 * (i % 6'000)}, 1);
  }
  std::int64_t fired = 0;
  for (auto _ : state) {
    now += std::chrono::milliseconds{10};
    wheel.advance(now, [&](std::uint64_t what) {
      ++fired;
      wheel.schedule(now + std::chrono::seconds{60}, what);
    });
  }
  state.SetItemsProcessed(fired);
}
BENCHMARK(fire_a_timer)->Arg(6'000)->Arg(100'000);

/// A shard from a PUBLISH's bytes to the bytes of all copies; per copy.
void fan_out(State& state) {
  bare_broker broker;
  const auto publisher = broker.connect("publisher", true);
  const auto count = state.range(0);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto s = broker.connect("s" + std::to_string(i), true);
    broker.feed(s, test::subscribe_packet(1, {{.filter = "plant/#", .quality = test::qos0}}));
  }
  const base::bytes packet = a_publish(test::qos0);
  for (auto _ : state) broker.feed(publisher, packet);
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(fan_out)->Arg(1)->Arg(10)->Arg(1'000);

/// One message to one of so many sessions, each with a filter and a topic of its own.
void one_of_many(State& state) {
  bare_broker broker;
  const auto publisher = broker.connect("publisher", true);
  std::vector<base::bytes> packets;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto s = broker.connect("s" + std::to_string(i), true);
    const std::string topic = "to/" + std::to_string(i);
    broker.feed(s, test::subscribe_packet(1, {{.filter = topic, .quality = test::qos0}}));
    packets.push_back(test::publish_packet(topic, std::string(64, 'x')));
  }
  for (const base::bytes& packet : packets) broker.feed(publisher, packet);
  std::size_t i = 0;
  for (auto _ : state) {
    broker.feed(publisher, packets[i]);
    i = (i + 7'919) % packets.size();
  }
}
BENCHMARK(one_of_many)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace godwit::bench

BENCHMARK_MAIN();
