// Sessions in one process without sockets: what each one takes, and what a message costs among
// them.
//   godwit-million [SESSIONS] (1000000)
#include "core/bare_broker.hpp"
#include "support/packets.hpp"

#include <malloc.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace godwit::bench {
namespace {

std::size_t heap_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

using seconds_d = std::chrono::duration<double>;

void say(const char* what, double value, const char* unit) {
  std::printf("%-52s %12.1f %s\n", what, value, unit);
  std::fflush(stdout);
}

std::string topic_of(std::size_t i) {
  return "device/" + std::to_string(i) + "/in";
}

/// Connects them all, each with one subscription; bytes of each.
double bring_up(bare_broker& broker, std::size_t count, bool clean, bool stay) {
  const std::size_t before = heap_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    const auto c = broker.connect("device-" + std::to_string(i), clean);
    broker.feed(c, test::subscribe_packet(1, {{.filter = topic_of(i), .quality = test::qos1}}));
    if (!stay) broker.leave(c);
  }
  return static_cast<double>(heap_bytes() - before) / static_cast<double>(count);
}

double cost_us(bare_broker& broker, std::size_t count) {
  constexpr std::size_t messages = 200'000;
  const auto publisher = broker.connect("publisher", true);
  std::vector<base::bytes> packets;
  for (std::size_t i = 0; i < 10'000; ++i) {
    packets.push_back(test::publish_packet(topic_of(i * 7'919 % count), std::string(64, 'x')));
  }
  for (const base::bytes& packet : packets) broker.feed(publisher, packet);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < messages; ++i) broker.feed(publisher, packets[i % packets.size()]);
  const seconds_d took = std::chrono::steady_clock::now() - begin;
  return took.count() * 1e6 / messages;
}

void measure(std::size_t count) {
  {
    bare_broker broker;
    say("connected, clean session: bytes each", bring_up(broker, count, true, true), "B");
    say("a QoS 0 message to one of them", cost_us(broker, count), "us");
  }
  ::malloc_trim(0);
  {
    bare_broker broker;
    say("connected, persistent (with the store in memory)", bring_up(broker, count, false, true),
        "B");
  }
  ::malloc_trim(0);
  {
    bare_broker broker;
    say("away, persistent (with the store in memory)", bring_up(broker, count, false, false), "B");
  }
}

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  std::size_t count = 1'000'000;
  if (argc > 1) {
    const char* const end = argv[1] + std::strlen(argv[1]);
    if (std::from_chars(argv[1], end, count).ptr != end || count == 0) {
      std::fputs("usage: godwit-million [SESSIONS]\n", stderr);
      return 2;
    }
  }
  std::printf("%zu sessions, one subscription each, one shard\n", count);
  godwit::bench::measure(count);
  return 0;
}
