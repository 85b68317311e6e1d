#include "run.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace godwit::kill_loop {

using bench::instant;
using bench::nanoseconds;
using bench::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr seconds start_limit{120};  // sanitized builds on a loaded machine
constexpr milliseconds tick_every{5};

std::filesystem::path make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "godwit-kill-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw bench::bench_error("no temporary directory");
  return name;
}

findings::told aloud(const options& o) {
  return o.expect_loss ? findings::told::no : findings::told::yes;
}

}  // namespace

run::run(const options& chosen, std::uint64_t seed, std::string program)
    : options_{chosen},
      seed_{seed},
      kill_luck_{dice{seed}.fork()},
      publish_luck_{dice{seed + 1}.fork()},
      directory_{make_directory()},
      found_{aloud(chosen)},
      all_{found_, all_topics()},
      cast_{loop_, all_, chosen.clients, dice{seed}},
      daemon_{loop_, found_, std::move(program), (directory_ / "godwit.yaml").string()},
      sheet_{loop_},
      probe_{loop_, all_} {}

run::~run() {
  if (daemon_.now() != daemon::state::none) daemon_.kill();
  if (is_good_) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  } else {
    std::printf("its files are in %s\n", directory_.c_str());
  }
}

void run::write_config() const {
  std::ofstream file{directory_ / "godwit.yaml"};
  file << "listeners:\n  - {name: default, bind: 127.0.0.1, port: 0}\n"
       << "shards: " << options_.shards << "\n"
       << "sys: {interval: 1s}\n"
       << "protocol: {will_grace_after_restart: 1s}\n"
       << "store:\n  persistence: " << options_.persistence << "\n  ack: " << options_.ack
       << "\n  directory: " << (directory_ / "store").string() << "\n";
  if (!file.flush()) throw bench::bench_error("cannot write the configuration");
}

bool run::carry_out() {
  is_good_ = options_.expect_loss;  // what it leaves behind then tells nothing
  const bool result = live();
  is_good_ = is_good_ || result;
  return result;
}

bool run::live() {
  write_config();
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed_), cast_.describe().c_str());
  start_daemon();
  wait_until_ready();
  come_to_rest(season::calm);
  while (kills_ < options_.kills) {
    season_ = season::load;
    const std::uint64_t until = std::min(kills_ + options_.per_round, options_.kills);
    while (kills_ < until) live_and_kill();
    wait_until_ready();
    wait(seconds{1});
    come_to_rest(season::calm);
    look_at_everything();
    std::printf("%llu kills, %llu messages acknowledged, %llu delivered, %zu wills of %zu: %s\n",
                static_cast<unsigned long long>(kills_),
                static_cast<unsigned long long>(all_.messages.acked()),
                static_cast<unsigned long long>(all_.messages.deliveries()), all_.wills.published(),
                all_.wills.stored(), found_.summary().c_str());
    std::fflush(stdout);
    if (options_.expect_loss && found_.losses() != 0) return true;
  }
  if (options_.expect_loss) return false;
  say_farewell();
  std::printf("the end: %s\n", found_.summary().c_str());
  return found_.total() == 0;
}

/// One turn of everything.
void run::step() {
  loop_.turn(tick_every);
  const instant now = steady_clock::now();
  if (daemon_.now() == daemon::state::ended) {
    throw bench::bench_error("godwitd ended by itself:\n" + daemon_.last_words());
  }
  if (now - last_tick_ < tick_every) return;
  std::optional<sockaddr_in> server;
  if (daemon_.now() == daemon::state::ready) server = daemon_.address();
  for (const auto& d : cast_.devices()) d->tick(now, season_, server);
  if (season_ == season::load && server) publish_some(now - last_tick_);
  last_tick_ = now;
}

void run::wait(nanoseconds how_long) {
  const instant end = steady_clock::now() + how_long;
  while (steady_clock::now() < end) step();
}

void run::start_daemon() {
  daemon_.start();
  all_.is_broker_up = true;
}

void run::wait_until_ready() {
  const instant deadline = steady_clock::now() + start_limit;
  while (daemon_.now() != daemon::state::ready) {
    if (steady_clock::now() > deadline) {
      throw bench::bench_error("godwitd does not come up:\n" + daemon_.last_words());
    }
    step();
  }
}

/// What it had sent before counts: it is read to the end.
void run::kill_daemon() {
  all_.is_broker_up = false;
  all_.messages.on_kill();
  daemon_.kill();
  ++kills_;
  sheet_.stop();
  probe_.stop();
  const instant deadline = steady_clock::now() + seconds{5};
  const auto is_open = [](const auto& d) { return d->is_open(); };
  while (std::ranges::any_of(cast_.devices(), is_open) && steady_clock::now() < deadline) {
    loop_.turn(milliseconds{5});
  }
  for (const auto& d : cast_.devices()) d->cut();
}

run::kill_moment run::pick_moment() {
  const std::uint64_t n = kill_luck_.below(100);
  if (n < 10) return kill_moment::just_started;
  if (n < 20) return kill_moment::in_recovery;
  if (n < 35) return kill_moment::just_ready;
  return n < 60 ? kill_moment::in_a_burst : kill_moment::any_time;
}

/// From a start that was just made to the next one.
void run::live_and_kill() {
  const auto average =
      std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>{options_.seconds});
  const auto long_time = kill_luck_.between(average / 4, average * 2);
  const auto short_time = kill_luck_.between(milliseconds{0}, milliseconds{150});
  switch (pick_moment()) {
    case kill_moment::just_started:
      wait(short_time / 5);
      break;
    case kill_moment::in_recovery:
      wait(kill_luck_.between(milliseconds{0}, daemon_.start_time()));
      break;
    case kill_moment::just_ready:
      wait_until_ready();
      wait(short_time);
      break;
    case kill_moment::in_a_burst:
      wait_until_ready();
      wait(long_time);
      burst();
      wait(short_time / 4);
      break;
    case kill_moment::any_time:
      wait_until_ready();
      if (kill_luck_.chance(30)) probe_.start(daemon_.address());
      wait(long_time);
      probe_.is_done(steady_clock::now());
      break;
  }
  kill_daemon();
  start_daemon();
}

void run::publish_some(nanoseconds elapsed) {
  publish_credit_ += std::chrono::duration<double>(elapsed).count() * options_.rate;
  publish_credit_ = std::min(publish_credit_, options_.rate / 10);
  for (; publish_credit_ >= 1; publish_credit_ -= 1) {
    const author& a = cast_.authors()[publish_luck_.below(cast_.authors().size())];
    if (a.from->can_publish()) publish_one(a);
  }
}

void run::burst() {
  for (const author& a : cast_.authors()) {
    while (a.from->can_publish()) publish_one(a);
  }
}

void run::publish_one(const author& a) {
  message m{.publisher = a.number,
            .qos = publish_luck_.chance(50) ? std::uint8_t{1} : std::uint8_t{2}};
  if (!a.kept.empty() && publish_luck_.chance(20)) {
    m.retain = true;
    m.topic = a.kept[publish_luck_.below(a.kept.size())];
    m.clears = publish_luck_.chance(15);
    // One QoS a topic: an older message at QoS 1 may come again behind a newer one at QoS 2.
    m.qos = m.topic % 2 == 0 ? std::uint8_t{1} : std::uint8_t{2};
  } else {
    m.topic = a.topics[publish_luck_.below(a.topics.size())];
  }
  a.from->publish(m);
}

}  // namespace godwit::kill_loop
