#include "store_world.hpp"
#include "support/test_broker.hpp"

#include <godwit/mqtt/properties.hpp>

/// The limits of retained messages (decisions/0009).

namespace godwit::broker::test {
namespace {

using godwit::test::v5;
using observe::counter;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto quota_exceeded = mqtt::reason_code::quota_exceeded;

/// The parameter is the number of shards.
class RetainedRoom : public ::testing::TestWithParam<std::size_t> {
 protected:
  void start(const std::function<void(session::limits&)>& set) {
    world_options o{.shards = GetParam()};
    set(o.limits);
    start(o);
  }
  void start(const world_options& o) {
    w.emplace(o);
    five.emplace(w->connect({.version = v5, .client_id = "five"}));
    old.emplace(w->connect({.client_id = "old"}));
    all.emplace(w->connect({.client_id = "all"}));
    all->subscribe("+");
  }
  /// Three topics, each with a message of two bytes.
  void fill() {
    for (const char* topic : {"a", "b", "c"}) old->publish(topic, "1", qos1, true);
    EXPECT_THAT(live(), ElementsAre("1", "1", "1"));
  }
  mqtt::reason_code retain(std::string_view topic, std::string_view payload,
                           mqtt::qos quality = qos1) {
    five->send_publish(topic, payload, quality, true);
    const auto answer = five->expect<mqtt::ack_view>("PUBACK or PUBREC");
    EXPECT_EQ(answer.type, quality == qos1 ? mqtt::packet_type::puback : mqtt::packet_type::pubrec);
    return answer.code;
  }
  texts live() { return store_world::payloads_of(*all); }
  texts kept(const std::string& topic) {
    test_client late = w->connect({.client_id = "late"});
    late.subscribe(topic);
    texts all_of_it = store_world::payloads_of(late);
    late.disconnect();
    return all_of_it;
  }

  std::optional<world> w;
  std::optional<test_client> five;
  std::optional<test_client> old;
  std::optional<test_client> all;
};
INSTANTIATE_TEST_SUITE_P(Shards, RetainedRoom, ::testing::Values(1U, 4U));

TEST_P(RetainedRoom, RefusesWhoCanBeToldSo) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  for (const mqtt::qos quality : {qos1, qos2}) {
    EXPECT_EQ(retain("d", "2", quality), quota_exceeded);
    EXPECT_THAT(live(), IsEmpty()) << "it was not accepted, so nobody gets it";
  }
  EXPECT_THAT(kept("d"), IsEmpty());
  const observe::totals sums = w->counters();
  EXPECT_EQ(sums[refuse_reason::retain_refused], 2U);
  EXPECT_EQ(sums[counter::retained_not_kept], 2U);
  EXPECT_EQ(sums.gauge(counter::retained_of_clients), 3);
  EXPECT_EQ(w->log().last("retained.full")->field("key"), "retained.count_max");
  five->ping();
  w->check_balance();
}

TEST_P(RetainedRoom, DeliversWithoutKeepingWhereNobodyCanBeTold) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  old->publish("d", "1", qos1, true);
  old->publish("e", "2", qos2, true);
  old->publish("f", "3", qos0, true);
  five->publish("g", "4", qos0, true);
  EXPECT_THAT(live(), ElementsAre("1", "2", "3", "4"));
  for (const char* topic : {"d", "e", "f", "g"}) EXPECT_THAT(kept(topic), IsEmpty()) << topic;
  EXPECT_EQ(w->counters()[counter::retained_not_kept], 4U);
  EXPECT_EQ(w->counters().sum_of_refused(), 0U);
  w->check_balance();
}

TEST_P(RetainedRoom, ReplacesAndClearsWhatIsThere) {
  start([](session::limits& l) {
    l.retained_count_max = 3;
    l.retained_bytes_max = 6;
  });
  fill();
  EXPECT_EQ(retain("a", "larger than all of them"), mqtt::reason_code::success);
  EXPECT_THAT(kept("a"), ElementsAre("larger than all of them"));
  EXPECT_EQ(retain("d", "2"), quota_exceeded);
  EXPECT_EQ(retain("a", ""), mqtt::reason_code::success);
  EXPECT_EQ(retain("d", "2", qos2), mqtt::reason_code::success);
  EXPECT_THAT(kept("d"), ElementsAre("2"));
  EXPECT_EQ(retain("nothing there", ""), mqtt::reason_code::success);
}

TEST_P(RetainedRoom, FreesThePacketIdOfWhatItRefuses) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  EXPECT_EQ(retain("d", "2", qos2), quota_exceeded);
  old->publish("a", "", qos1, true);
  static_cast<void>(live());
  five->send(
      godwit::test::publish_packet("d", "3", {.quality = qos2, .id = 1, .retain = true}, v5));
  EXPECT_EQ(five->expect<mqtt::ack_view>("PUBREC").code, mqtt::reason_code::success);
  EXPECT_THAT(live(), ElementsAre("3")) << "no repetition of what was refused";
}

TEST_P(RetainedRoom, CountsTopicsAndPayloads) {
  start([](session::limits& l) { l.retained_bytes_max = 10; });
  EXPECT_EQ(retain("abc", "1234"), mqtt::reason_code::success);
  EXPECT_EQ(w->counters().gauge(counter::retained_bytes_of_clients), 7);
  EXPECT_EQ(retain("de", "12"), quota_exceeded);
  EXPECT_EQ(w->log().last("retained.full")->field("key"), "retained.bytes_max");
  EXPECT_EQ(retain("de", "1"), mqtt::reason_code::success);
}

TEST_P(RetainedRoom, LeavesTheBrokersOwnTopicsOut) {
  world_options o{.shards = GetParam(), .sys_interval = seconds{10}};
  o.limits.retained_count_max = 1;
  start(o);
  w->advance(seconds{11});
  EXPECT_GT(w->census().retained, 50U);
  EXPECT_EQ(retain("a", "1"), mqtt::reason_code::success);
  EXPECT_EQ(retain("b", "1"), quota_exceeded);
  EXPECT_GT(w->census().retained, 50U);
}

TEST_P(RetainedRoom, CountsWhatItFindsAtAStart) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  w->crash_and_restart();
  five.emplace(w->connect({.version = v5, .client_id = "five"}));
  EXPECT_EQ(w->counters().gauge(counter::retained_of_clients), 3);
  EXPECT_EQ(retain("d", "2"), quota_exceeded);
}

TEST_P(RetainedRoom, MakesRoomWhenOneExpires) {
  start([](session::limits& l) {
    l.retained_count_max = 1;
    l.message_expiry = {{"a", 5}};
  });
  EXPECT_EQ(retain("a", "1"), mqtt::reason_code::success);
  EXPECT_EQ(retain("b", "1"), quota_exceeded);
  w->advance(seconds{6});
  EXPECT_EQ(w->counters().gauge(counter::retained_bytes_of_clients), 0);
  EXPECT_EQ(retain("b", "1"), mqtt::reason_code::success);
}

TEST_P(RetainedRoom, SendsAWillThatItCannotKeep) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  test_client dying =
      w->connect({.version = v5,
                  .client_id = "dying",
                  .will = {{.topic = "w", .payload = "will", .quality = qos1, .retain = true}}});
  dying.reset();
  w->run();
  EXPECT_THAT(live(), ElementsAre("will"));
  EXPECT_THAT(kept("w"), IsEmpty());
  w->check_balance();
}

TEST_P(RetainedRoom, TellsTheLogNowAndThen) {
  start([](session::limits& l) { l.retained_count_max = 3; });
  fill();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(retain("d", "2"), quota_exceeded);
  EXPECT_EQ(w->log().count("retained.full"), 1U);
}

// The message is on its way to its home when the publisher's connection ends: it is refused all the
// same, and the session's next connection is not held up.
TEST(RetainedRoomAcrossShards, RefusesWhatWasUnderWayWhenItsConnectionEnded) {
  constexpr base::moment start{base::steady_time{std::chrono::hours{1}},
                               base::wall_time{std::chrono::hours{500'000}}};
  const auto placed_on = [](std::size_t shard, auto home) {
    for (int i = 0;; ++i) {
      const std::string name = "n" + std::to_string(i);
      if (home(name, 0, 2).value() == shard) return name;
    }
  };
  const std::string client = placed_on(0, broker::home_of);
  const std::string topic = placed_on(1, broker::home_of_topic);
  godwit::test::test_broker::options o;
  o.shard.shards = 2;
  o.shard.sys_interval = seconds{0};
  o.shard.limits.retained_bytes_max = 1;
  godwit::test::test_broker b{o, start};
  base::bytes expiry;
  mqtt::properties_builder{expiry}.add(mqtt::property_id::session_expiry_interval, 100U);
  const auto connect = [&] {
    auto wire = std::make_shared<godwit::test::memory_wire>();
    wire->to_broker = godwit::test::connect_packet(
        {.version = v5, .client_id = client, .clean = false, .properties = expiry});
    b.transport(0).accept(wire, {.address = "there"});
    b.turn(0, start);
    wire->to_client.clear();
    return wire;
  };
  for (const mqtt::qos quality : {qos1, qos2}) {
    const auto wire = connect();
    wire->to_broker =
        godwit::test::publish_packet(topic, "x", {.quality = quality, .id = 1, .retain = true}, v5);
    b.turn(0, start);
    wire->break_now();
    b.turn(0, start);
    EXPECT_EQ(b.census().connections, 0U);
    for (const std::size_t shard : {1U, 0U}) b.turn(shard, start);
  }
  EXPECT_EQ(b.totals()[refuse_reason::retain_refused], 2U);
  EXPECT_EQ(b.totals().publish_balance(), 0);
  EXPECT_EQ(b.census().retained, 0U);
  const auto wire = connect();
  wire->to_broker = godwit::test::publish_packet("t", "x", {.quality = qos2, .id = 1}, v5);
  b.turn(0, start);
  EXPECT_FALSE(wire->to_client.empty()) << "nothing is waited for, and the id is free";
}

}  // namespace
}  // namespace godwit::broker::test
