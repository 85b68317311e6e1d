#include <godwit/observe/sys_topics.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

namespace godwit::observe {
namespace {

using namespace std::chrono_literals;

std::map<std::string, std::string> as_map(const std::vector<sys_topic>& topics) {
  std::map<std::string, std::string> map;
  for (const auto& topic : topics) {
    EXPECT_TRUE(map.emplace(topic.suffix, topic.value).second) << topic.suffix << " twice";
  }
  return map;
}

totals sums_of(const counters& shard) {
  const std::array<const counters*, 1> shards{&shard};
  return sum(shards);
}

// What `mosquitto_sub -t '$SYS/#'` shows of mosquitto 2.0.11.
TEST(SysTopics, HaveMosquittosNames) {
  std::set<std::string> expected{"version",
                                 "uptime",
                                 "clients/total",
                                 "clients/inactive",
                                 "clients/disconnected",
                                 "clients/active",
                                 "clients/connected",
                                 "clients/expired",
                                 "clients/maximum",
                                 "messages/stored",
                                 "messages/received",
                                 "messages/sent",
                                 "store/messages/count",
                                 "store/messages/bytes",
                                 "subscriptions/count",
                                 "shared_subscriptions/count",
                                 "retained messages/count",
                                 "heap/current",
                                 "heap/maximum",
                                 "publish/messages/dropped",
                                 "publish/messages/received",
                                 "publish/messages/sent",
                                 "publish/bytes/received",
                                 "publish/bytes/sent",
                                 "bytes/received",
                                 "bytes/sent"};
  for (const std::string rate :
       {"messages/received", "messages/sent", "publish/dropped", "publish/received", "publish/sent",
        "bytes/received", "bytes/sent", "sockets", "connections"}) {
    for (const std::string period : {"1min", "5min", "15min"}) {
      expected.insert("load/" + rate + "/" + period);
    }
  }
  const totals none;
  const load_averages loads{base::steady_time{}};
  memory_gauge memory;
  memory.set(1U);
  std::set<std::string> ours;
  for (const auto& topic : sys_topics({.sums = none,
                           .loads = loads,
                           .version = "0.1.0",
                           .memory = &memory,
                           .close_names = {}})) {
    if (!topic.suffix.starts_with("godwit/")) ours.insert(topic.suffix);
  }
  EXPECT_EQ(ours, expected);
}

TEST(SysTopics, HaveMosquittosUnitsAndFormats) {
  counters shard;
  shard.add(counter::clients_connected, 3);
  shard.add(counter::sessions_persistent_offline, 2);
  shard.add(counter::sessions_expired, 1);
  shard.add(counter::publish_bytes_sent, 64);
  shard.add_publish_sent(0, 4);
  shard.add_publish_sent(1, 1);
  shard.add(drop_reason::output_limit, 6);
  shard.add(drop_reason::queue_count, 1);
  const totals sums = sums_of(shard);
  const load_averages loads{base::steady_time{}};
  const auto topics = as_map(sys_topics({.sums = sums,
                                         .loads = loads,
                                         .version = "0.1.0",
                                         .uptime = 123'900ms,
                                         .clients_maximum = 9,
                                         .close_names = {}}));
  EXPECT_EQ(topics.at("version"), "godwit version 0.1.0");
  EXPECT_EQ(topics.at("uptime"), "123 seconds");
  EXPECT_EQ(topics.at("clients/total"), "5");
  EXPECT_EQ(topics.at("clients/active"), "3");
  EXPECT_EQ(topics.at("clients/inactive"), "2");
  EXPECT_EQ(topics.at("clients/maximum"), "9");
  EXPECT_EQ(topics.at("clients/expired"), "1");
  EXPECT_EQ(topics.at("publish/bytes/sent"), "64");
  EXPECT_EQ(topics.at("publish/messages/sent"), "5");
  EXPECT_EQ(topics.at("publish/messages/dropped"), "7");
  EXPECT_EQ(topics.at("load/bytes/sent/1min"), "0.00");
  EXPECT_FALSE(topics.contains("heap/current")) << "unknown is not zero";
}

TEST(SysTopics, ShowTheBalanceAndReasonsBelowOurOwnBranch) {
  counters shard;
  shard.add(counter::copies_made, 5);
  shard.add(counter::copies_in_log, 2);
  shard.subtract(counter::copies_in_log, 3);
  shard.add(drop_reason::queue_bytes, 4);
  shard.add(refuse_reason::not_authorized, 1);
  shard.add(connect_refusal::bad_login);
  shard.add(subscribe_refusal::invalid_filter);
  shard.add(login_method::password, login_result::refused);
  shard.add_publish_received(2);
  shard.add_close(1);
  const totals sums = sums_of(shard);
  const load_averages loads{base::steady_time{}};
  const std::array<std::string_view, 3> closes{"", "keep_alive_timeout", "protocol_error"};
  const auto topics =
      as_map(sys_topics({.sums = sums, .loads = loads, .version = "0", .close_names = closes}));
  EXPECT_EQ(topics.at("godwit/copies_made"), "5");
  EXPECT_EQ(topics.at("godwit/copies_in_log"), "-1");
  EXPECT_EQ(topics.at("godwit/copies_dropped/queue_bytes"), "4");
  EXPECT_EQ(topics.at("godwit/publish_refused/not_authorized"), "1");
  EXPECT_EQ(topics.at("godwit/connect_refused/bad_login"), "1");
  EXPECT_EQ(topics.at("godwit/subscribe_refused/invalid_filter"), "1");
  EXPECT_EQ(topics.at("godwit/logins_refused/password"), "1");
  EXPECT_EQ(topics.at("godwit/logins_accepted/password"), "0");
  EXPECT_EQ(topics.at("godwit/publish_received/qos2"), "1");
  EXPECT_EQ(topics.at("godwit/closes/keep_alive_timeout"), "1");
  EXPECT_EQ(topics.at("godwit/closes/protocol_error"), "0");
  EXPECT_FALSE(topics.contains("godwit/closes/"));
}

TEST(LoadAverages, ApproachASteadyRatePerMinute) {
  load_averages loads{base::steady_time{}};
  counters shard;
  using rate = load_averages::rate;
  for (int i = 1; i <= 6; ++i) {
    shard.add(counter::bytes_sent, 100);  // 600 a minute
    loads.update(sums_of(shard), base::steady_time{i * 10s});
  }
  const double after_a_minute = 600 * (1 - std::exp(-1.0));
  EXPECT_NEAR(loads.per_minute(rate::bytes_sent, 0), after_a_minute, 1e-6);
  EXPECT_NEAR(loads.per_minute(rate::bytes_sent, 1), 600 * (1 - std::exp(-1.0 / 5)), 1e-6);
  EXPECT_NEAR(loads.per_minute(rate::bytes_sent, 2), 600 * (1 - std::exp(-1.0 / 15)), 1e-6);
  EXPECT_EQ(loads.per_minute(rate::bytes_received, 0), 0.0);

  loads.update(sums_of(shard), base::steady_time{120s});
  EXPECT_NEAR(loads.per_minute(rate::bytes_sent, 0), after_a_minute * std::exp(-1.0), 1e-6);
}

TEST(LoadAverages, DoNothingWhenNoTimeHasPassed) {
  load_averages loads{base::steady_time{}};
  counters shard;
  shard.add(counter::bytes_sent, 100);
  loads.update(sums_of(shard), base::steady_time{});
  EXPECT_EQ(loads.per_minute(load_averages::rate::bytes_sent, 0), 0.0);
  loads.update(sums_of(shard), base::steady_time{1h});
  EXPECT_GT(loads.per_minute(load_averages::rate::bytes_sent, 0), 0.0);
}

TEST(LoadAverages, ReadEachRateFromItsCounter) {
  counters shard;
  shard.add(counter::packets_received, 1);
  shard.add(counter::packets_sent, 2);
  shard.add(drop_reason::offline, 3);
  for (int i = 0; i < 4; ++i) shard.add_publish_received(1);
  shard.add_publish_sent(1, 5);
  shard.add(counter::bytes_received, 6);
  shard.add(counter::bytes_sent, 7);
  shard.add(counter::connections_opened, 8);
  for (int i = 0; i < 9; ++i) shard.add_packet_received(1);
  load_averages loads{base::steady_time{}};
  loads.update(sums_of(shard), base::steady_time{1min});
  const double weight = 1 - std::exp(-1.0);
  const std::array expected{10, 2, 3, 4, 5, 6, 7, 8, 9};
  for (std::size_t i = 0; i < load_averages::rates; ++i) {
    EXPECT_NEAR(loads.per_minute(static_cast<load_averages::rate>(i), 0), expected.at(i) * weight,
                1e-9)
        << i;
  }
}

}  // namespace
}  // namespace godwit::observe
