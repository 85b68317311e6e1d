// Shards on threads of their own, without sockets: what a second one adds.
//   godwit-shards [SHARDS] [SECONDS] [CROSSING] (2 2 10)
// Each shard has 25 publishers and 25 subscribers. So many of a publisher's twenty topics belong to
// subscribers of other shards. Publishes are QoS 1 in windows of twenty, subscriptions QoS 0;
// payloads have 64 bytes.
#include "core/bare_broker.hpp"
#include "support/packets.hpp"

#include <godwit/net/thread_post_office.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <thread>

namespace godwit::bench {
namespace {

constexpr std::size_t clients = 25;  // of each kind on each shard
constexpr std::size_t window = 20;
constexpr std::size_t puback_bytes = 4;

/// Counts for each connection, too.
class counting_by_connection final : public counting_transport {
 public:
  std::size_t send(broker::transport_id id, std::span<const base::bytes_view> pieces) override {
    const std::size_t size = counting_transport::send(id, pieces);
    bytes_[id.value()] += size;
    return size;
  }
  [[nodiscard]] std::uint64_t bytes(broker::transport_id id) const { return bytes_[id.value()]; }

 private:
  std::array<std::uint64_t, 1 + 2 * clients> bytes_{};
};

struct publisher {
  broker::transport_id id{};
  broker::connection_token token = 0;
  base::bytes burst;
  std::uint64_t answered = 0;  ///< bytes that have come when all of the last burst is answered
};

base::moment now() {
  return {base::steady_time{std::chrono::steady_clock::now().time_since_epoch()},
          base::wall_time{std::chrono::hours{500'000}}};
}

/// The shards here never sleep.
struct never_asleep final : net::sleeper {
  void ring() noexcept override {}
  bool stand_in() override { return false; }
};

/// What the shards share.
struct common {
  common(std::size_t shards, std::size_t crossing)
      : topics_elsewhere{shards == 1 ? 0 : crossing}, interest{shards, 1}, mail{shards} {
    options.shards = shards;
    options.sys_interval = std::chrono::seconds{0};
  }
  std::size_t topics_elsewhere;
  broker::shard_options options;
  routing::interest_table interest;
  net::thread_post_office mail;
  never_asleep sleeper;
  broker::number_source numbers;
  auth::anonymous_authenticator authenticator;
  auth::open_authorizer authorizer;
  no_log log;
  std::atomic<bool> goes_on{true};
};

class one_shard {
 public:
  one_shard(common& shared, std::uint8_t number)
      : shared_{shared},
        self_{number},
        shard_{self_, shared.options,
               broker::shard_ports{.connections = transport_,
                                   .mail = shared.mail,
                                   .durable_store = store_,
                                   .authenticator = shared.authenticator,
                                   .authorizer = shared.authorizer,
                                   .interest = shared.interest,
                                   .numbers = shared.numbers,
                                   .counters = counters_,
                                   .log = shared.log,
                                   .all_counters = all_counters_}} {
    shared.mail.set_sleeper(self_, shared.sleeper);
    broker::shard* const all[] = {&shard_};
    shared.numbers.start_above(broker::recover(all, shared.options, store_, now()));
  }

  void bring_up() {
    for (std::size_t i = 0; i < clients; ++i) {
      const auto c = connect("subscriber");
      turn([&] {
        shard_.on_bytes(c.token, test::subscribe_packet(1, {{.filter = topic(self_, i)}}));
      });
    }
    for (std::size_t i = 0; i < clients; ++i) {
      publishers_.push_back(connect("publisher"));
      publisher& p = publishers_.back();
      p.answered = transport_.bytes(p.id);
      for (std::size_t n = 0; n < window; ++n) {
        // Of the others in turn, for as many as there are to be.
        const std::size_t away =
            n < shared_.topics_elsewhere ? 1 + n % (shared_.options.shards - 1) : 0;
        const routing::shard_id to{
            static_cast<std::uint8_t>((self_.value() + away) % shared_.options.shards)};
        const base::bytes packet =
            test::publish_packet(topic(to, (i + n) % clients), std::string(64, 'x'),
                                 {.quality = test::qos1, .id = static_cast<std::uint16_t>(n + 1)});
        p.burst.insert(p.burst.end(), packet.begin(), packet.end());
      }
    }
  }

  void run() {
    while (shared_.goes_on.load(std::memory_order_relaxed)) {
      turn([this] {
        for (publisher& p : publishers_) {
          if (transport_.bytes(p.id) != p.answered) continue;
          p.answered += window * puback_bytes;
          shard_.on_bytes(p.token, p.burst);
        }
      });
    }
  }
  [[nodiscard]] std::uint64_t delivered() const {
    return counters_[observe::counter::copies_delivered];
  }

 private:
  static std::string topic(routing::shard_id shard, std::size_t number) {
    return "to/" + std::to_string(shard.value()) + "/" + std::to_string(number);
  }
  publisher connect(const std::string& kind) {
    publisher p;
    std::string id;
    do {
      id = kind + std::to_string(++ids_tried_);
    } while (broker::home_of(id, shared_.options.seed, shared_.options.shards) != self_);
    p.id = broker::transport_id{++connections_};
    turn([&] {
      p.token = shard_.open(p.id, {.address = "bench"});
      shard_.on_bytes(p.token, test::connect_packet({.client_id = id}));
    });
    return p;
  }
  template <class F>
  void turn(F&& inside) {
    shard_.begin_turn(now());
    shared_.mail.deliver(self_, 64, [this](routing::shard_id from, broker::mail_batch&& batch) {
      shard_.on_mail(from, std::move(batch));
    });
    inside();
    shard_.end_turn();
  }

  common& shared_;
  routing::shard_id self_;
  counting_by_connection transport_;
  store::memory_store store_{store::memory_store::mode::immediate};
  observe::counters counters_;
  const observe::counters* all_counters_[1] = {&counters_};
  broker::shard shard_;
  std::vector<publisher> publishers_;
  std::size_t ids_tried_ = 0;
  std::uint32_t connections_ = 0;
};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Messages a second.
double measure(std::size_t shards, double seconds, std::size_t crossing) {
  common shared{shards, crossing};
  std::vector<std::unique_ptr<one_shard>> all;
  for (std::size_t i = 0; i < shards; ++i) {
    all.push_back(std::make_unique<one_shard>(shared, static_cast<std::uint8_t>(i)));
    all.back()->bring_up();
  }
  const double cpu_before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (const auto& one : all) threads.emplace_back([&one] { one->run(); });
  std::this_thread::sleep_for(std::chrono::duration<double>{seconds});
  shared.goes_on = false;
  for (std::thread& t : threads) t.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::uint64_t messages = 0;
  for (const auto& one : all) messages += one->delivered();
  const auto count = static_cast<double>(messages);
  std::printf("%zu shard%s %12.0f messages/s %8.3f us of CPU each\n", shards,
              shards == 1 ? " " : "s", count / took.count(),
              (cpu_seconds() - cpu_before) * 1e6 / count);
  return count / took.count();
}

template <class Number>
Number argument(int argc, char** argv, int at, Number otherwise) {
  if (argc <= at) return otherwise;
  Number value{};
  const char* const end = argv[at] + std::strlen(argv[at]);
  const auto [rest, error] = std::from_chars(argv[at], end, value);
  if (error != std::errc{} || rest != end || value < Number{}) {
    std::fprintf(stderr, "godwit-shards: %s is no number\n", argv[at]);
    std::exit(2);
  }
  return value;
}

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  using namespace godwit;
  const auto shards = std::max<std::size_t>(bench::argument<std::size_t>(argc, argv, 1, 2), 1);
  const auto seconds = bench::argument<double>(argc, argv, 2, 2);
  const auto crossing = bench::argument<std::size_t>(argc, argv, 3, bench::window / 2);
  if (shards > routing::shards_max || crossing > bench::window) {
    std::fprintf(stderr, "godwit-shards: at most %zu shards, and %zu topics elsewhere\n",
                 routing::shards_max, bench::window);
    return 2;
  }
  const double one = bench::measure(1, seconds, crossing);
  const double all = bench::measure(shards, seconds, crossing);
  std::printf("%.2f times as many\n", all / one);
  return one > 0 && all > 0 ? 0 : 1;
}
