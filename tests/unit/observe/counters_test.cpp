#include <godwit/observe/counters.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <regex>
#include <set>
#include <string>
#include <thread>

namespace godwit::observe {
namespace {

static_assert(alignof(counters) == 64 && sizeof(counters) % 64 == 0);

template <class Enum>
void expect_all_named() {
  const std::regex snake_case{"[a-z][a-z0-9]*(_[a-z0-9]+)*"};
  std::set<std::string> seen;
  for (std::size_t i = 0; i < detail::size_of<Enum>; ++i) {
    const std::string text{name(static_cast<Enum>(i))};
    EXPECT_TRUE(std::regex_match(text, snake_case)) << i << " '" << text << "'";
    EXPECT_TRUE(seen.insert(text).second) << text << " twice";
  }
  EXPECT_TRUE(name(Enum::count_).empty());
}

TEST(Counters, AllHaveNamesOfTheirOwn) {
  expect_all_named<counter>();
  expect_all_named<connection_refusal>();
  expect_all_named<refuse_reason>();
  expect_all_named<drop_reason>();
  expect_all_named<connect_refusal>();
  expect_all_named<subscribe_refusal>();
}

TEST(Counters, SumOverShards) {
  counters a;
  counters b;
  a.add(counter::bytes_received, 100);
  b.add(counter::bytes_received, 23);
  b.add(refuse_reason::quota_exceeded);
  a.add(connection_refusal::address_rate);
  a.add(drop_reason::output_limit, 2);
  b.add(connect_refusal::bad_login);
  a.add(subscribe_refusal::too_many);
  a.add(login_method::token, login_result::accepted);
  b.add(login_method::token, login_result::accepted);
  b.add(login_method::scram, login_result::refused);
  a.add_packet_received(3);
  b.add_packet_received(3);
  b.add_packet_sent(4, 5);
  a.add_publish_received(1);
  b.add_publish_sent(2, 7);
  a.add_close(31);
  const std::array<const counters*, 2> shards{&a, &b};
  const totals sums = sum(shards);
  EXPECT_EQ(sums[counter::bytes_received], 123U);
  EXPECT_EQ(sums[refuse_reason::quota_exceeded], 1U);
  EXPECT_EQ(sums.sum_of_refused(), 1U);
  EXPECT_EQ(sums[connection_refusal::address_rate], 1U);
  EXPECT_EQ(sums[counter::connections_refused], 1U);
  EXPECT_EQ(sums[drop_reason::output_limit], 2U);
  EXPECT_EQ(sums[connect_refusal::bad_login], 1U);
  EXPECT_EQ(sums[subscribe_refusal::too_many], 1U);
  EXPECT_EQ(sums.logins_accepted[static_cast<std::size_t>(login_method::token)], 2U);
  EXPECT_EQ(sums.logins_refused[static_cast<std::size_t>(login_method::token)], 0U);
  EXPECT_EQ(sums.logins_refused[static_cast<std::size_t>(login_method::scram)], 1U);
  EXPECT_EQ(sums.sum_of_dropped(), 2U);
  EXPECT_EQ(sums.packets_received[3], 2U);
  EXPECT_EQ(sums[counter::packets_received], 2U);
  EXPECT_EQ(sums.packets_sent[4], 5U);
  EXPECT_EQ(sums[counter::packets_sent], 5U);
  EXPECT_EQ(sums.publish_received[1], 1U);
  EXPECT_EQ(sums.publish_sent[2], 7U);
  EXPECT_EQ(sums.sum_of_publish_sent(), 7U);
  EXPECT_EQ(sums.closes[31], 1U);
}

TEST(Counters, GaugeOfOneShardMayBeNegativeWhileTheSumIsRight) {
  counters a;
  counters b;
  a.add(counter::copies_in_log, 3);
  b.subtract(counter::copies_in_log, 2);
  const std::array<const counters*, 1> only_b{&b};
  EXPECT_EQ(sum(only_b).gauge(counter::copies_in_log), -2);
  const std::array<const counters*, 2> both{&a, &b};
  EXPECT_EQ(sum(both).gauge(counter::copies_in_log), 1);
}

TEST(Totals, BalanceWhenEveryPublishAndCopyIsAccountedFor) {
  counters shard;
  shard.add(counter::publish_received, 10);
  shard.add(counter::publish_no_subscriber, 2);
  shard.add(refuse_reason::not_authorized, 1);
  shard.add(counter::publish_routed, 7);
  shard.add(counter::copies_made, 20);
  shard.add(counter::copies_delivered, 11);
  shard.add(counter::copies_expired, 1);
  shard.add(drop_reason::queue_bytes, 2);
  shard.add(drop_reason::offline, 1);
  shard.add(counter::copies_ended_with_session, 2);
  shard.add(counter::copies_in_log, 3);
  const std::array<const counters*, 1> shards{&shard};
  EXPECT_EQ(sum(shards).publish_balance(), 0);
  EXPECT_EQ(sum(shards).copy_balance(), 0);

  shard.add(counter::publish_received);
  EXPECT_EQ(sum(shards).publish_balance(), 1) << "one vanished";
  shard.add(counter::copies_delivered, 2);
  EXPECT_EQ(sum(shards).copy_balance(), -2) << "two were invented";
}

TEST(Counters, MayBeReadWhileTheirShardAdds) {
  counters shard;
  std::atomic<bool> stop{false};
  std::jthread writer{[&] {
    for (int i = 0; i < 100'000; ++i) shard.add(counter::packets_sent);
    stop = true;
  }};
  const std::array<const counters*, 1> shards{&shard};
  std::uint64_t last = 0;
  bool rising = true;
  while (!stop) {
    const auto now = sum(shards)[counter::packets_sent];
    rising = rising && now >= last;
    last = now;
  }
  EXPECT_TRUE(rising);
  EXPECT_EQ(sum(shards)[counter::packets_sent], 100'000U);
}

TEST(CountersDeathTest, APlaceBeyondTheArrayIsABug) {
  counters shard;
  EXPECT_DEATH(shard.add_close(close_reasons_max), "assertion failed");
  EXPECT_DEATH(shard.add_publish_sent(3), "assertion failed");
}

}  // namespace
}  // namespace godwit::observe
