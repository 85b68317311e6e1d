#include <godwit/admin/metrics.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

namespace godwit::admin {
namespace {

using ::testing::HasSubstr;

broker_figures some_figures() {
  broker_figures f;
  f.version = "1.2.3";
  f.shards = 2;
  f.close_reasons = {"client_disconnected", "client_closed"};
  f.sums.closes[1] = 7;
  f.sums.values[static_cast<std::size_t>(observe::counter::clients_connected)] = 3;
  f.sums.dropped[static_cast<std::size_t>(observe::drop_reason::offline)] = 11;
  f.sums.packets_received[1] = 5;
  f.sums.connects_refused[static_cast<std::size_t>(observe::connect_refusal::bad_login)] = 13;
  f.sums.subscribes_refused[static_cast<std::size_t>(observe::subscribe_refusal::too_many)] = 17;
  f.sums.logins_refused[static_cast<std::size_t>(observe::login_method::certificate)] = 23;
  observe::histogram waits;
  waits.record(1'500);
  f.acknowledgement_times.merge(waits);
  f.process = process_figures::read();
  f.sums.connections_refused[static_cast<std::size_t>(observe::connection_refusal::address_rate)] =
      19;
  f.store.emplace();
  f.store->state = "low_disk";
  return f;
}

TEST(Metrics, ShowWhatWasCounted) {
  const std::string text = render_metrics(some_figures());
  EXPECT_THAT(text, HasSubstr("godwit_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ngodwit_clients_connected 3\n"));
  EXPECT_THAT(text, HasSubstr("godwit_connections_closed_total{reason=\"client_closed\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("godwit_copies_dropped_total{reason=\"offline\"} 11\n"));
  EXPECT_THAT(text, HasSubstr("godwit_packets_received_total{type=\"connect\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("godwit_connect_refused_total{reason=\"bad_login\"} 13\n"));
  EXPECT_THAT(text, HasSubstr("godwit_subscribe_refused_total{reason=\"too_many\"} 17\n"));
  EXPECT_THAT(text, HasSubstr("godwit_connections_refused_total{reason=\"address_rate\"} 19\n"));
  EXPECT_THAT(text,
              HasSubstr("godwit_logins_total{method=\"certificate\",result=\"refused\"} 23\n"));
  EXPECT_THAT(text, HasSubstr("godwit_publish_acknowledgement_seconds_bucket{le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("godwit_publish_acknowledgement_seconds_bucket{le=\"0.002\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("godwit_store_state{state=\"low_disk\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("godwit_store_state{state=\"good\"} 0\n"));
}

/// What promtool checks, as far as names go: each family once, with HELP and TYPE in front of its
/// samples; counters, and nothing else, end in "_total".
TEST(Metrics, KeepTheRulesOfTheFormat) {
  std::istringstream in{render_metrics(some_figures())};
  std::map<std::string, std::string> types;
  std::set<std::string> samples;
  std::string family;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    std::string mark;
    std::string what;
    std::string name;
    words >> mark;
    if (mark == "#") {
      words >> what >> name;
      if (what == "HELP") {
        EXPECT_FALSE(types.contains(name)) << name << " comes twice";
        family = name;
      } else {
        std::string type;
        words >> type;
        EXPECT_EQ(name, family);
        types[name] = type;
        EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
      }
      continue;
    }
    EXPECT_TRUE(mark.starts_with(family)) << line;
    EXPECT_TRUE(samples.insert(mark).second) << mark << " comes twice";
  }
  EXPECT_GT(types.size(), 40U);
}

TEST(Metrics, LeaveTheStoreOutWhenThereIsNone) {
  broker_figures f = some_figures();
  f.store.reset();
  EXPECT_THAT(render_metrics(f), ::testing::Not(HasSubstr("godwit_store")));
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const process_figures p = process_figures::read();
  EXPECT_GT(p.resident_bytes, 1'000'000U);
  EXPECT_GT(p.open_files, 2U);
  EXPECT_GE(p.files_max, p.open_files);
  EXPECT_GT(p.started_at, 1.6e9);
}

}  // namespace
}  // namespace godwit::admin
