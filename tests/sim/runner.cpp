#include "runner.hpp"

#include <algorithm>
#include <map>

namespace godwit::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

test::test_broker::options with_budget(const plan& p, const memory_weather& memory) {
  test::test_broker::options o = p.broker;
  if (p.memory_percent) o.memory = &memory.gauge();
  return o;
}

}  // namespace

runner::runner(std::uint64_t seed, bool echo)
    : seed_{seed},
      context_{seed, echo},
      plan_{make_plan(context_, seed)},
      memory_weather_{context_, plan_.memory_percent},
      broker_{with_budget(plan_, memory_weather_), context_.now},
      store_weather_{context_, broker_.durable_store(), plan_.store},
      oracle_{context_, plan_.personas.size(), plan_.broker.shard.limits.inflight_max},
      crashes_left_{plan_.crashes},
      failures_left_{plan_.store_failures},
      restarts_left_{plan_.restarts},
      shards_{plan_.shards} {
  context_.note("seed " + std::to_string(seed) + ": " + describe(plan_));
  for (std::size_t i = 0; i < plan_.personas.size(); ++i) {
    personas_.push_back(std::make_unique<persona>(context_, oracle_, plan_.personas[i], i,
                                                  [this](const auto& name) { return dial(name); }));
  }
  for (std::size_t i = 0; i < plan_.rude; ++i) {
    rude_.push_back(std::make_unique<rude_client>(context_, i,
                                                  [this](const auto& name) { return dial(name); }));
  }
}

namespace {

std::string_view client_of(const link& l) {
  return std::string_view{l.name()}.substr(0, l.name().find('#'));
}

}  // namespace

std::shared_ptr<link> runner::dial(const std::string& name) {
  auto l = std::make_shared<link>(context_, name, plan_.wire_capacity);
  const std::size_t where = context_.below(broker_.shards());
  broker_.transport(where).accept(l->wire(), {.address = name});
  for (const auto& older : links_) {
    if (client_of(*older) == client_of(*l)) older->supersede();
  }
  links_.push_back(l);
  return l;
}

outcome runner::run() {
  const base::steady_time start = context_.now.steady;
  if (plan_.personas.size() > 15) context_.count(fault::crowd);
  for (std::size_t i = 0; i < plan_.steps && context_.violations.empty(); ++i) step();
  weather_ = context_.now.steady - start;
  if (context_.violations.empty()) settle();
  outcome o;
  o.seed = seed_;
  o.hash = context_.lines.hash();
  o.deliveries = oracle_.deliveries();
  o.weather = weather_;
  o.simulated = context_.now.steady.time_since_epoch() - std::chrono::hours{1'000};
  o.violations = context_.violations;
  o.faults = context_.faults;
  o.plan = describe(plan_);
  if (!o.violations.empty()) o.tail = context_.lines.tail();
  return o;
}

void runner::after_turn() {
  read_log();
  for (const auto& l : links_) l->look();
  check_one_connection_each();
}

/// Every connection ends once, for a reason that it gave, and its will goes with the reason.
void runner::read_log() {
  const auto& events = broker_.log().events();
  for (; logged_ < events.size(); ++logged_) {
    const test::logged_event& e = events[logged_];
    context_.note("log: " + e.text());
    if (e.name != "client.disconnected" && e.name != "client.connected") continue;
    const auto found =
        std::ranges::find_if(links_, [&](const auto& l) { return l->name() == e.field("peer"); });
    if (found == links_.end()) continue;
    link& l = **found;
    if (e.name == "client.connected") {
      l.client.has_session = true;
      oracle_.on_connected(client_of(l));
      continue;
    }
    const std::string reason{e.field("reason")};
    if (!l.may_end_by(reason)) context_.fail(l.name() + " ended by " + reason + " for no reason");
    l.note_end(reason);
    if (l.ends() > 1) context_.fail(l.name() + " ended twice");
    if (reason == "keep_alive_timeout") context_.count(fault::silence);
    if (l.client.will && l.client.has_session) oracle_.on_end(*l.client.will, reason, turn_began_);
  }
}

void runner::check_one_connection_each() {
  std::map<std::string_view, link*> live;
  for (const auto& l : links_) {
    if (!l->is_live()) continue;
    const auto [at, is_first] = live.emplace(client_of(*l), l.get());
    if (is_first) continue;
    // Which of them is the older one is seen by who stays.
    at->second->displace();
    l->displace();
  }
}

void runner::move(link& l, bool up, std::size_t bytes) {
  if (up) {
    if (l.can_move_up()) l.move_up(bytes);
  } else if (l.can_move_down()) {
    const base::bytes moved = l.move_down(bytes);
    for (const auto& p : personas_) p->on_bytes(l, moved);
    if (auditor_) auditor_->on_bytes(l, moved);
  }
}

void runner::check_keep_alive() {
  std::map<std::string_view, std::size_t> displaced;
  for (const auto& l : links_) {
    const std::string_view client = client_of(*l);
    if (l->is_displaced_too_long() && ++displaced[client] > 1) {
      context_.fail("two live connections of " + std::string{client});
    }
  }
  // So does one that waits for memory.
  if (!is_settling_ && context_.memory_short_until != 0) return;
  // A publish that waits for mail credit pauses its connection, too; in bad weather that can be
  // long.
  if (!is_settling_ && plan_.broker.shard.mail_credit < 1'000) return;
  for (const auto& p : personas_) {
    // A connection whose publishes wait for their answers may be paused; then its clock stands
    // still.
    if (!p->is_up() || p->has_open_business()) continue;
    if (!is_settling_ && p->may_be_held()) continue;
    if (p->current()->must_be_closed(p->what().keep_alive_s)) {
      context_.fail(p->current()->name() + " is silent beyond its keep alive and still open");
    }
  }
}

void runner::forget_old_links() {
  std::erase_if(links_, [this](const auto& l) {
    const bool is_judged = l->ends() != 0 || l->has_met_stop();
    // What the network or the client ends, the broker may look at later.
    if (l->is_over() && !is_judged && !l->wire()->broken && !l->is_closing()) {
      context_.fail(l->name() + " ended without a reason");
    }
    return l->is_over() && is_judged &&
           std::ranges::none_of(personas_, [&](const auto& p) { return p->current() == l; });
  });
}

}  // namespace godwit::sim

/// A run makes and frees much, and what AddressSanitizer does about that by default takes most of
/// the time: long stacks per allocation, a large quarantine, and filling what is new.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=8:quarantine_size_mb=16:max_malloc_fill_size=0";
}
