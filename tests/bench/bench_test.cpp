// The generator's own tests: what it counts, and that it sees every kind of wrong delivery.
#include "histogram.hpp"
#include "ledger.hpp"
#include "relay.hpp"
#include "scenarios.hpp"
#include "wire.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace godwit::bench {
namespace {

using std::chrono::nanoseconds;
using testing::HasSubstr;
using testing::Not;

/// A relay that serves on its own thread for the length of a test.
class served_relay {
 public:
  explicit served_relay(faults_wanted wanted = {})
      : relay_{0, wanted}, thread_{[this] { relay_.run(stop_); }} {}
  ~served_relay() {
    stop_ = true;
    thread_.join();
  }
  served_relay(const served_relay&) = delete;
  served_relay& operator=(const served_relay&) = delete;

  [[nodiscard]] std::uint16_t port() const { return relay_.port(); }

 private:
  std::atomic<bool> stop_{false};
  relay relay_;
  std::thread thread_;
};

options small_run(const std::string& scenario, std::uint16_t port) {
  options chosen;
  chosen.scenario = scenario;
  chosen.port = port;
  chosen.publishers = 3;
  chosen.subscribers = 3;
  chosen.warmup_s = 0;
  chosen.messages = 500;
  chosen.hold_s = 0.05;
  chosen.each = 30;
  chosen.from = 5;
  return chosen;
}

std::size_t small_count(const std::string& scenario) {
  return scenario == "retained" ? 300 : 10;
}

TEST(Histogram, PercentilesAreWithinTwoPercentAndTheMaximumIsExact) {
  histogram latencies;
  for (int i = 1; i <= 100'000; ++i) latencies.record(nanoseconds{i * 100});
  EXPECT_NEAR(static_cast<double>(latencies.percentile(0.5).count()), 5e6, 1e5);
  EXPECT_NEAR(static_cast<double>(latencies.percentile(0.99).count()), 9.9e6, 2e5);
  EXPECT_EQ(latencies.percentile(1.0), nanoseconds{10'000'000});
  EXPECT_EQ(latencies.max(), nanoseconds{10'000'000});
}

TEST(Histogram, HoldsTheSmallestAndTheLargestValue) {
  histogram latencies;
  latencies.record(nanoseconds{0});
  latencies.record(nanoseconds::max());
  EXPECT_EQ(latencies.percentile(0.5), nanoseconds{0});
  EXPECT_EQ(latencies.percentile(1.0), nanoseconds::max());
}

TEST(Ledger, CountsNothingWhenEverythingComesInOrder) {
  ledger books{2};
  for (std::uint64_t n = 0; n < 10; ++n) EXPECT_TRUE(books.accept(1, n).fresh);
  books.close_cell(0, 0);
  books.close_cell(1, 10);
  EXPECT_EQ(books.lost() + books.duplicated() + books.out_of_order(), 0U);
}

TEST(Ledger, TellsLostFromLateFromRepeated) {
  ledger books{1};
  EXPECT_TRUE(books.accept(0, 0).fresh);
  EXPECT_EQ(books.accept(0, 5).skipped, 4U);
  EXPECT_TRUE(books.accept(0, 3).was_missing);
  EXPECT_FALSE(books.accept(0, 3).fresh);
  EXPECT_FALSE(books.accept(0, 0).fresh);
  books.close_cell(0, 8);
  EXPECT_EQ(books.out_of_order(), 1U);
  EXPECT_EQ(books.duplicated(), 2U);
  EXPECT_EQ(books.lost(), 5U);  // 1, 2, 4 and, at the end, 6, 7
}

TEST(Wire, FindsAPacketOnlyWhenItsLastOctetIsThere) {
  octets bytes;
  append_publish(bytes, {.topic = "a/b", .payload = octets(300, 7), .packet_id = 9, .qos = 1});
  packet_view packet;
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    ASSERT_EQ(next_packet(octet_view{bytes}.first(n), packet), 0U);
  }
  ASSERT_EQ(next_packet(bytes, packet), bytes.size());
  const publish_view message = parse_publish(packet);
  EXPECT_EQ(message.packet_id, 9);
  EXPECT_EQ(message.qos, 1);
  EXPECT_EQ(message.topic.size(), 3U);
  EXPECT_EQ(message.payload.size(), 300U);
}

TEST(Wire, PutsAWillBehindTheClientId) {
  octets bytes;
  append_connect(bytes, {.client_id = "c",
                         .clean = clean_session::no,
                         .will = will_fields{.topic = "w", .payload = "gone", .qos = 2}});
  const octets expected{0x10, 22, 0,   4, 'M', 'Q', 'T', 'T', 4,   0x14, 0,   0,
                        0,    1,  'c', 0, 1,   'w', 0,   4,   'g', 'o',  'n', 'e'};
  EXPECT_EQ(bytes, expected);
}

TEST(Wire, MarksAPublishThatIsSentAgain) {
  octets bytes;
  append_publish(bytes,
                 {.topic = "t", .payload = {}, .packet_id = 9, .qos = 2, .dup = dup_flag::set});
  EXPECT_EQ(bytes, (octets{0x3c, 5, 0, 1, 't', 0, 9}));
}

TEST(Wire, NamesTheFiltersOfAnUnsubscribe) {
  octets bytes;
  const std::vector<std::string> filters{"a", "b/#"};
  append_unsubscribe(bytes, 7, filters);
  EXPECT_EQ(bytes, (octets{0xa2, 10, 0, 7, 0, 1, 'a', 0, 3, 'b', '/', '#'}));
}

TEST(Wire, RefusesAFiveOctetRemainingLength) {
  const octets bytes{0x30, 0xff, 0xff, 0xff, 0xff, 0x01};
  packet_view packet;
  EXPECT_THROW((void)next_packet(bytes, packet), bench_error);
}

struct good_case {
  std::string scenario;
  std::uint8_t qos;
  protocol version;

  friend void PrintTo(const good_case& c, std::ostream* out) {
    *out << c.scenario << " qos " << int{c.qos};
  }
};

class GoodRelay : public testing::TestWithParam<good_case> {};

TEST_P(GoodRelay, PassesEveryScenario) {
  const good_case& p = GetParam();
  served_relay server;
  options chosen = small_run(p.scenario, server.port());
  chosen.qos = p.qos;
  chosen.version = p.version;
  chosen.count = small_count(p.scenario);
  const report result = run_scenario(chosen);
  EXPECT_EQ(result.exit_status(), 0) << result.json();
}

INSTANTIATE_TEST_SUITE_P(
    Bench, GoodRelay,
    testing::Values(good_case{"fan-in", 0, protocol::v311}, good_case{"fan-in", 1, protocol::v31},
                    good_case{"fan-in", 2, protocol::v311}, good_case{"pairs", 2, protocol::v311},
                    good_case{"fan-out", 0, protocol::v311},
                    good_case{"fan-out", 1, protocol::v311},
                    good_case{"filters", 0, protocol::v311},
                    good_case{"telemetry", 1, protocol::v311}, good_case{"idle", 0, protocol::v311},
                    good_case{"connect", 0, protocol::v31}, good_case{"storm", 1, protocol::v311},
                    good_case{"offline", 1, protocol::v311},
                    good_case{"retained", 0, protocol::v311}, good_case{"fan-in", 0, protocol::v5},
                    good_case{"pairs", 2, protocol::v5}, good_case{"connect", 0, protocol::v5},
                    good_case{"retained", 1, protocol::v5}, good_case{"offline", 1, protocol::v5}));

struct bad_case {
  std::string scenario;
  std::uint8_t qos;
  mischief kind;
  std::string finding;  // part of the JSON result

  friend void PrintTo(const bad_case& c, std::ostream* out) {
    *out << c.scenario << " qos " << int{c.qos} << " " << c.finding;
  }
};

class BadRelay : public testing::TestWithParam<bad_case> {};

TEST_P(BadRelay, IsFoundOut) {
  const bad_case& p = GetParam();
  served_relay server{{.kind = p.kind, .at = 200}};
  options chosen = small_run(p.scenario, server.port());
  chosen.qos = p.qos;
  chosen.timeout_s = 0.5;
  chosen.count = small_count(p.scenario);
  const report result = run_scenario(chosen);
  EXPECT_EQ(result.exit_status(), 1);
  EXPECT_THAT(result.json(), HasSubstr(p.finding));
}

INSTANTIATE_TEST_SUITE_P(
    Bench, BadRelay,
    testing::Values(bad_case{"fan-in", 0, mischief::drop, "\"lost\": 1,"},
                    bad_case{"fan-in", 1, mischief::duplicate, "\"duplicated\": 1,"},
                    bad_case{"fan-in", 2, mischief::corrupt, "\"corrupted\": 1,"},
                    bad_case{"pairs", 0, mischief::swap, "\"out_of_order\": 1,"},
                    bad_case{"fan-out", 0, mischief::drop, "\"lost\": 1,"},
                    bad_case{"fan-out", 0, mischief::duplicate, "\"duplicated\": 1,"},
                    bad_case{"pairs", 0, mischief::misroute, "\"misrouted\": 1,"},
                    bad_case{"fan-in", 0, mischief::stall, "\"stalled\""},
                    bad_case{"retained", 0, mischief::drop, "\"lost\": 1,"},
                    bad_case{"retained", 0, mischief::duplicate, "\"duplicated\": 1,"},
                    bad_case{"retained", 0, mischief::corrupt, "\"corrupted\": 1,"}));

TEST(Idle, SeesOctetsThatNobodyAskedFor) {
  served_relay server{{.kind = mischief::chatter}};
  options chosen = small_run("idle", server.port());
  chosen.count = 10;
  const report result = run_scenario(chosen);
  EXPECT_EQ(result.exit_status(), 1);
  EXPECT_THAT(result.json(), Not(HasSubstr("\"unasked_octets\": 0,")));
}

TEST(Setup, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  { port = served_relay{}.port(); }
  EXPECT_THROW((void)run_scenario(small_run("pairs", port)), bench_error);
}

TEST(Options, NamesTheWrongArgument) {
  const char* const unknown[] = {"fan-in", "--speed", "5"};
  const char* const no_number[] = {"fan-in", "--window", "12x"};
  const char* const out_of_range[] = {"fan-in", "--qos", "3"};
  EXPECT_THROW((void)parse_options(unknown), bench_error);
  EXPECT_THROW((void)parse_options(no_number), bench_error);
  EXPECT_THROW((void)parse_options(out_of_range), bench_error);
}

}  // namespace
}  // namespace godwit::bench
