#include "plan.hpp"

namespace godwit::sim {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

persona_plan make_persona(context& c, std::size_t number, bool short_expiry) {
  persona_plan p;
  p.client_id = "client-" + std::to_string(number);
  // A 3.1 client is not told whether its session is there, so its session must be sure to stay.
  const bool v31 = !short_expiry && c.chance(30);
  p.version = v31 ? mqtt::protocol_version::v31 : mqtt::protocol_version::v311;
  const std::size_t habit = c.below(v31 ? 6 : 8);
  if (habit == 0) p.habit = session_habit::always_clean;
  if (habit >= 6) p.habit = session_habit::switching;
  if (c.chance(40)) p.keep_alive_s = static_cast<std::uint16_t>(5 + c.below(30));
  p.flapping = c.chance(15);
  if (c.chance(25)) {
    p.share = c.chance(50) ? "$share/g/a/#" : "$share/h/+/b";
  }
  return p;
}

void learn_version_5(context& c, persona_plan& p, bool short_expiry) {
  p.version = mqtt::protocol_version::v5;
  v5_plan& five = p.five;
  five.receive_maximum = c.one_of(std::vector<std::uint16_t>{0, 1, 2, 5});
  five.alias_maximum = c.one_of(std::vector<std::uint16_t>{0, 1, 2, 20});
  five.expiry_percent = c.one_of(std::vector<unsigned>{0, 20, 60});
  five.no_local_percent = c.one_of(std::vector<unsigned>{0, 30, 100});
  five.no_retained_percent = c.one_of(std::vector<unsigned>{0, 30, 100});
  five.gives_identifiers = c.chance(50);
  five.refuse_percent = c.one_of(std::vector<unsigned>{0, 0, 10, 50});
  if (!short_expiry) five.will_delay_s = c.one_of(std::vector<std::uint32_t>{0, 2, 20});
}

}  // namespace

plan make_plan(context& c, std::uint64_t seed) {
  const versions v = seed < first_seed_with_v5 ? versions::three : versions::three_and_five;
  plan p;
  p.shards = 1 + c.below(4);
  auto& shard = p.broker.shard;
  shard.shards = p.shards;
  shard.seed = c.random();
  shard.mail_credit = c.one_of(std::vector<std::uint32_t>{1, 1, 2, 8, 4'096});
  shard.turn_packets_max = c.one_of(std::vector<std::uint32_t>{1, 3, 50, 4'096});
  shard.retained_page_messages = c.one_of(std::vector<std::size_t>{1, 2, 256});
  shard.topic_cache_entries = c.one_of(std::vector<std::size_t>{1, 3, 65'536});
  shard.sys_interval = seconds{0};
  shard.limits.takeovers_max = 0;  // a refusal would only leave more of them out
  shard.limits.inflight_max = c.one_of(std::vector<std::uint16_t>{1, 2, 5, 100});
  shard.limits.unanswered_publishes_max = c.one_of(std::vector<std::uint16_t>{1, 3, 1'000});
  const bool short_expiry = c.chance(20);
  shard.limits.session_expiry = short_expiry ? seconds{40} : seconds{hours{24}};
  p.broker.store_mode =
      c.chance(85) ? store::memory_store::mode::manual : store::memory_store::mode::immediate;

  const unsigned retain_percent = c.one_of(std::vector<unsigned>{5, 15, 60});
  std::size_t topic_count = c.one_of(std::vector<std::size_t>{1, 3, 6});
  // Short topics get no alias.
  if (v == versions::three_and_five && c.chance(50)) topic_count = topics().size();
  const std::size_t personas = 2 + c.below(c.chance(4) ? 49 : (c.chance(30) ? 14 : 6));
  for (std::size_t i = 0; i < personas; ++i) {
    p.personas.push_back(make_persona(c, i, short_expiry));
    if (v == versions::three_and_five && c.chance(60)) {
      learn_version_5(c, p.personas.back(), short_expiry);
    }
    p.personas.back().session_expiry = shard.limits.session_expiry;
    p.personas.back().retain_percent = retain_percent;
    p.personas.back().topics = topic_count;
    p.personas.back().reads_at_once = shard.turn_packets_max > 1'000 && shard.mail_credit > 1'000;
  }
  p.rude = c.below(3);
  p.steps = 600 + c.below(1'800);
  p.cut_percent = static_cast<unsigned>(c.one_of(std::vector<std::size_t>{0, 1, 2, 5}));
  p.chop_percent = static_cast<unsigned>(c.one_of(std::vector<std::size_t>{0, 10, 60}));
  p.crashes = c.chance(60) ? c.below(4) : 0;
  p.store_failures = c.chance(15) ? 1 : 0;
  p.latency_percent = static_cast<unsigned>(c.one_of(std::vector<std::size_t>{0, 0, 2, 10}));
  p.restarts = c.chance(25) ? 1 : 0;
  p.wire_capacity = c.one_of(std::vector<std::size_t>{0, 0, 40, 300});
  p.long_pauses = c.chance(40);
  shard.queue_memory_bytes = c.one_of(std::vector<std::uint64_t>{0, 0, 1, 60, 400});
  shard.limits.low_disk_hold = c.one_of(std::vector<seconds>{seconds{0}, seconds{5}, hours{9}});
  p.store.bodies_recovered = c.one_of(std::vector<std::size_t>{0, 2, 1'000'000});
  p.store.trouble_percent = c.one_of(std::vector<unsigned>{0, 0, 3, 12});
  p.crash_every = p.steps;
  if (c.chance(30)) {
    // A machine that falls over again and again: every crash meets other moments.
    p.crash_every = c.one_of(std::vector<std::size_t>{25, 60, 120});
    p.crashes = p.steps / p.crash_every;
  }
  const std::uint16_t ids_max = c.one_of(std::vector<std::uint16_t>{3, 8, 200});
  for (persona_plan& one : p.personas) one.ids_max = ids_max;
  if (seed >= first_seed_with_memory) {
    p.memory_percent = c.one_of(std::vector<unsigned>{0, 1, 3, 10});
  }
  return p;
}

std::string describe(const plan& p) {
  const auto& s = p.broker.shard;
  std::string text =
      "shards " + std::to_string(p.shards) + " credit " + std::to_string(s.mail_credit) +
      " turn packets " + std::to_string(s.turn_packets_max) + " inflight " +
      std::to_string(s.limits.inflight_max) + " unanswered " +
      std::to_string(s.limits.unanswered_publishes_max) + " page " +
      std::to_string(s.retained_page_messages) + " expiry " +
      std::to_string(s.limits.session_expiry.count()) + "s store " +
      (p.broker.store_mode == store::memory_store::mode::manual ? "manual" : "immediate") +
      " memory " + std::to_string(s.queue_memory_bytes) + " trouble " +
      std::to_string(p.store.trouble_percent) + "% crashes " + std::to_string(p.crashes) +
      " wire " + std::to_string(p.wire_capacity) +
      (p.memory_percent ? " budget trouble " + std::to_string(*p.memory_percent) + "%" : "") +
      "; clients";
  for (const persona_plan& one : p.personas) {
    text += ' ' + one.client_id + (one.version == mqtt::protocol_version::v31 ? "/3.1" : "");
    if (one.version == mqtt::protocol_version::v5) {
      text += "/5.0 receive " + std::to_string(one.five.receive_maximum) + " alias " +
              std::to_string(one.five.alias_maximum) + " delay " +
              std::to_string(one.five.will_delay_s) + " refuse " +
              std::to_string(one.five.refuse_percent);
    }
    if (one.habit == session_habit::always_clean) text += "/clean";
    if (one.habit == session_habit::switching) text += "/switching";
    if (one.flapping) text += "/flapping";
    if (one.keep_alive_s != 0) text += "/k" + std::to_string(one.keep_alive_s);
    if (!one.share.empty()) text += '/' + one.share;
  }
  return text;
}

const std::vector<std::string>& topics() {
  static const std::vector<std::string> all{"a/b", "a/b/c", "a",         "x/b",
                                            "x",   "/b",    "a/long/er", "x/long/er"};
  return all;
}

const std::vector<std::string>& filters() {
  static const std::vector<std::string> all{"a",   "a/b", "a/#", "+/b", "#",
                                            "x/+", "x",   "/+",  "w/#", "a/+/c"};
  return all;
}

std::uint32_t identifier_of(std::string_view filter) {
  for (std::size_t i = 0; i < filters().size(); ++i) {
    if (filters()[i] == filter) return static_cast<std::uint32_t>(i + 1);
  }
  return 200'000'000;
}

}  // namespace godwit::sim
