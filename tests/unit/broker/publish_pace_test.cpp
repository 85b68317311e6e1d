#include "store_world.hpp"

/// What one client may publish per second: it is slowed, and notices nothing else.

namespace godwit::broker::test {
namespace {

using std::chrono::milliseconds;
using ::testing::SizeIs;

class PublishPace : public ::testing::TestWithParam<mqtt::protocol_version> {
 protected:
  void start(std::uint32_t messages, std::uint64_t bytes = 0) {
    world_options o{.shards = 1};
    o.limits.publishes_per_second_max = messages;
    o.limits.publish_bytes_per_second_max = bytes;
    w.emplace(o);
    all.emplace(w->connect({.client_id = "all"}));
    all->subscribe("#");
    p.emplace(w->connect({.version = GetParam(), .client_id = "p", .keep_alive_s = 2}));
  }
  /// Everything in one piece, so that it lies in the broker's hands at once.
  void publish(int count, mqtt::qos quality = qos0, std::size_t size = 1) {
    base::bytes sent;
    for (int i = 0; i < count; ++i) {
      const std::uint16_t id = quality == qos0 ? std::uint16_t{0} : p->next_id();
      const base::bytes one = godwit::test::publish_packet(
          "t", std::string(size, 'x'), {.quality = quality, .id = id}, GetParam());
      sent.insert(sent.end(), one.begin(), one.end());
    }
    p->send(sent);
    w->run();
  }
  /// How many have come since the last time.
  std::size_t delivered() { return store_world::payloads_of(*all).size(); }

  std::optional<world> w;
  std::optional<test_client> all;
  std::optional<test_client> p;
};
INSTANTIATE_TEST_SUITE_P(Versions, PublishPace, ::testing::Values(v31, v311, godwit::test::v5));

TEST_P(PublishPace, GivesASecondsWorthAtOnceAndThenTheRate) {
  start(10);
  publish(60);
  EXPECT_EQ(delivered(), 11U) << "ten, and the one that makes it too many";
  for (int second = 0; second < 3; ++second) {
    w->advance(seconds{1});
    EXPECT_EQ(delivered(), 10U) << second;
  }
  w->advance(seconds{2});
  EXPECT_EQ(delivered(), 19U);
  EXPECT_FALSE(p->closed());
  p->disconnect();
  w->check_balance();
}

TEST_P(PublishPace, RefillsWhileTheClientIsSilent) {
  start(10);
  publish(10);
  EXPECT_EQ(delivered(), 10U);
  w->advance(milliseconds{500});
  publish(60);
  EXPECT_EQ(delivered(), 6U);
}

TEST_P(PublishPace, CountsTheBytesOfWholePackets) {
  start(0, 1'000);
  publish(1, qos0, 5'000);
  publish(1);
  EXPECT_EQ(delivered(), 1U) << "larger than a second's worth, and through all the same";
  EXPECT_EQ(w->counters()[observe::counter::slowed_by_publish_bytes], 1U);
  w->advance(milliseconds{3'900});
  EXPECT_EQ(delivered(), 0U);
  w->advance(milliseconds{200});
  EXPECT_EQ(delivered(), 1U);
  EXPECT_EQ(w->log().last("client.slowed")->field("key"),
            "connection.publish_bytes_per_second_max");
}

TEST_P(PublishPace, AnswersEachMessageInTheEnd) {
  start(5);
  publish(20, qos1);
  w->advance(seconds{4});
  for (std::uint16_t id = 1; id <= 20; ++id) p->expect_ack(mqtt::packet_type::puback, id);
}

TEST_P(PublishPace, LetsHandshakesAndPingsThrough) {
  start(1);
  publish(2, qos2);
  for (std::uint16_t id = 1; id <= 2; ++id) p->expect_ack(mqtt::packet_type::pubrec, id);
  p->send_ack(mqtt::packet_type::pubrel, 1);
  p->send(godwit::test::pingreq_packet());
  w->advance(milliseconds{100});
  p->expect_ack(mqtt::packet_type::pubcomp, 1);
  p->expect<mqtt::pingresp_view>("PINGRESP");
}

TEST_P(PublishPace, TakesTheAcknowledgementsOfASlowedClient) {
  start(1);
  p->subscribe("for p", qos1);
  publish(2);
  w->connect({.client_id = "other"}).publish("for p", "x", qos1);
  EXPECT_EQ(w->census().log_entries, 1U);
  EXPECT_THAT(p->receive_all(), SizeIs(1));
  w->advance(milliseconds{100});
  EXPECT_EQ(w->census().log_entries, 0U);
}

TEST_P(PublishPace, KeepAliveStandsStillMeanwhile) {
  start(1);
  publish(21);
  w->advance(milliseconds{19'900});
  EXPECT_FALSE(p->closed());
  EXPECT_EQ(delivered(), 20U + 1U);
  w->advance(seconds{5});
  EXPECT_TRUE(p->closed()) << "its own silence counts";
}

TEST_P(PublishPace, DeliversWhatWasSentBeforeTheEnd) {
  start(1);
  publish(8);
  p->close();
  w->run();
  EXPECT_EQ(w->census().connections, 2U) << "it is not over yet";
  w->advance(seconds{10});
  EXPECT_EQ(delivered(), 8U);
  EXPECT_EQ(w->census().connections, 1U);
  EXPECT_EQ(w->log().last("client.disconnected")->field("reason"), "client_closed");
}

TEST_P(PublishPace, SlowsNobodyElse) {
  start(10);
  publish(60);
  static_cast<void>(delivered());
  test_client other = w->connect({.client_id = "other"});
  for (int i = 0; i < 10; ++i) other.publish("t", "x", qos1);
  EXPECT_EQ(delivered(), 10U);
}

TEST_P(PublishPace, TellsOncePerConnectionAndCountsEachPause) {
  start(10);
  publish(60);
  w->advance(seconds{2});
  EXPECT_EQ(w->log().count("client.slowed"), 1U);
  EXPECT_EQ(w->log().last("client.slowed")->field("client"), "p");
  EXPECT_EQ(w->log().last("client.slowed")->field("key"), "connection.publishes_per_second_max");
  EXPECT_GE(w->counters()[observe::counter::slowed_by_publish_rate], 20U);
}

TEST_P(PublishPace, LeavesNoTimerBehind) {
  start(1);
  publish(5);
  w->advance(seconds{1});
  EXPECT_LE(w->census().timers, 3U) << "the pace, the next look, and the keep alive";
  p->reset();
  w->advance(seconds{1});
  EXPECT_EQ(w->census().timers, 0U);
}

TEST_P(PublishPace, IsOffByDefault) {
  EXPECT_EQ(session::limits{}.publishes_per_second_max, 0U);
  start(0);
  publish(3'000);
  EXPECT_EQ(delivered(), 3'000U);
}

}  // namespace
}  // namespace godwit::broker::test
