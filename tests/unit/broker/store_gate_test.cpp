#include "store_world.hpp"

/// What the broker does while its store is behind or its disk is low (design 7, "Failure").

namespace godwit::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto manual = memory_store::mode::manual;
constexpr auto puback = mqtt::packet_type::puback;

class StoreGate : public ::testing::Test {
 protected:
  void disk_is(condition c) {
    t.disk().set_state(c);
    t.w.run();
  }
  void has_room(bool yes) {
    t.disk().set_room(yes);
    t.w.run();
  }
  std::uint8_t connect(const connect_options& o) { return t.w.connect_socket().connect(o).code; }

  world_options options() {
    world_options o{.shards = 1};
    o.limits.low_disk_hold = seconds{20};
    return o;
  }
  store_world t{options()};
};

TEST_F(StoreGate, HoldsDurablePublishesBackUntilThereIsRoom) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  test_client other = t.w.connect({.client_id = "other"});
  test_client clean = t.w.connect({.client_id = "clean"});
  clean.subscribe("#", qos0);
  has_room(false);
  p.send_publish("a", "1", qos1);
  other.send_publish("r", "2", qos0, true);
  EXPECT_TRUE(p.quiet());
  EXPECT_TRUE(clean.quiet());
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.w.connect({.client_id = "third"}).publish("x", "3");
  clean.expect_publish("x", "3");  // QoS 0 is nobody's concern
  t.w.advance(seconds{1'000});
  EXPECT_TRUE(p.quiet());
  EXPECT_FALSE(p.closed()) << "room comes back by itself";
  has_room(true);
  p.expect_ack(puback, 1);
  EXPECT_EQ(t.w.census().log_entries, 1U);
  EXPECT_EQ(t.w.census().retained, 1U);
  t.w.check_balance();
}

TEST_F(StoreGate, MeasuresHowLongAcknowledgementsWait) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  p.publish("a", "0", qos1);
  p.publish("nobody", "1", qos1);
  p.publish("a", "2", qos0);
  EXPECT_EQ(t.w.acknowledgement_times().count(), 2U) << "nothing acknowledges QoS 0";
  EXPECT_EQ(t.w.acknowledgement_times().sum(), 0U) << "the disk answered in the same turn";
  has_room(false);
  p.send_publish("a", "3", qos2);
  t.w.run();
  t.w.advance(seconds{7});
  has_room(true);
  EXPECT_EQ(t.w.acknowledgement_times().count(), 3U);
  EXPECT_EQ(t.w.acknowledgement_times().sum(), 7'000'000U);
}

// The one waiting message is not read past; acknowledgements and pings are.
TEST_F(StoreGate, KeepsTheOrderOfWhatWaitsForRoom) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  has_room(false);
  p.send_publish("a", "1", qos1);
  p.send(godwit::test::pingreq_packet());
  for (const char* text : {"2", "3"}) p.send_publish("a", text, qos1);
  t.w.advance(seconds{1});
  p.expect<mqtt::pingresp_view>("PINGRESP");
  has_room(true);
  t.w.advance(seconds{1});
  for (std::uint16_t id = 1; id <= 3; ++id) p.expect_ack(puback, id);
  EXPECT_THAT(t.persistent("s").receive_all(), ElementsAre("1", "2", "3"));
}

TEST_F(StoreGate, HoldsAndReleasesQos2AndRetainedMessagesOnce) {
  test_client s = t.persistent("s");
  t.subscribe(s, "#", qos2);
  test_client p = t.persistent("p");
  has_room(false);
  p.send_publish("r", "1", qos2, true);
  has_room(true);
  p.expect_ack(mqtt::packet_type::pubrec, 1);
  p.send_ack(mqtt::packet_type::pubrel, 1);
  p.expect_ack(mqtt::packet_type::pubcomp, 1);
  EXPECT_THAT(s.receive_all(), ElementsAre("1"));
  test_client late = t.w.connect({.client_id = "late"});
  late.subscribe("r");
  late.expect_publish("r", "1");
}

TEST_F(StoreGate, RefusesWhatWaitedWhenItsConnectionEnds) {
  t.sleeper("s");
  test_client p = t.persistent("p");
  has_room(false);
  p.send_publish("a", "1", qos2);
  t.w.run();
  p.reset();
  t.w.run();
  EXPECT_EQ(t.w.counters()[refuse_reason::connection_closing], 1U);
  t.w.check_balance();
  has_room(true);
  p = t.persistent("p");
  EXPECT_EQ(p.publish("a", "2", qos2), 1U) << "the packet id is free";
  EXPECT_THAT(t.persistent("s").receive_all(), ElementsAre("2"));
}

TEST_F(StoreGate, RefusesDurablePublishesOnALowDiskAfterAWhile) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  disk_is(condition::low_disk);
  p.send_publish("a", "1", qos1);
  t.w.advance(seconds{19});
  p.expect_nothing();
  t.w.advance(seconds{2});
  p.expect_closed();
  EXPECT_EQ(t.w.counters()[refuse_reason::store_unavailable], 1U);
  EXPECT_EQ(t.w.counters().closes[static_cast<std::size_t>(close_cause::low_disk)], 1U);
  EXPECT_EQ(t.w.log().last("client.disconnected")->field("reason"), "low_disk");
  EXPECT_THAT(std::string{t.w.log().last("client.disconnected")->field("what")},
              ::testing::HasSubstr("store.low_disk"));
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.w.check_balance();
}

TEST_F(StoreGate, GoesOnByItselfWhenTheDiskIsGoodAgain) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  test_client r = t.w.connect({.client_id = "r"});
  disk_is(condition::low_disk);
  p.send_publish("a", "1", qos1);
  r.send_publish("r", "2", qos1, true);
  t.w.advance(seconds{10});
  disk_is(condition::good);
  p.expect_ack(puback, 1);
  r.expect_ack(puback, 1);
  t.w.advance(seconds{60});
  EXPECT_FALSE(p.closed());
  EXPECT_EQ(t.w.census().timers, 1U) << "the session's expiry";
  EXPECT_EQ(t.w.census().retained, 1U);
  t.w.check_balance();
}

TEST_F(StoreGate, LetsThroughWhatIsNotDurableOnALowDisk) {
  t.sleeper("qos 0 only", qos0);
  test_client clean = t.w.connect({.client_id = "clean"});
  clean.subscribe("#", qos2);
  test_client p = t.w.connect({.client_id = "p"});
  p.publish("r", "kept", qos1, true);
  clean.receive();
  disk_is(condition::low_disk);
  p.publish("a", "1", qos1);
  p.publish("a", "2", qos2);
  EXPECT_THAT(clean.receive_all(), ElementsAre("1", "2"));
  p.publish("r", "", qos1, true);
  EXPECT_EQ(t.w.census().retained, 0U) << "what frees disk is welcome";
}

TEST_F(StoreGate, DeliversAndAcknowledgesOnALowDisk) {
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  t.publish(p, {"1", "2"});
  disk_is(condition::low_disk);
  test_client s = t.persistent("s");
  EXPECT_THAT(s.receive_all(), ElementsAre("1", "2"));
  EXPECT_EQ(t.disk().count().entries, 0U);
  s.unsubscribe({"a"});
  s.disconnect();
  t.w.run();
  EXPECT_EQ(t.disk().count().subscriptions, 0U);
}

TEST_F(StoreGate, MakesNoSessionAndKeepsNoWillOnALowDisk) {
  t.sleeper("s");
  disk_is(condition::low_disk);
  EXPECT_EQ(connect({.client_id = "new", .clean = false}), 3U);
  EXPECT_EQ(connect({.client_id = "w", .will = {{.topic = "w", .payload = "x"}}}), 3U);
  EXPECT_EQ(connect({.client_id = "clean"}), 0U);
  EXPECT_EQ(connect({.client_id = "s", .clean = false}), 0U) << "it is there already";
  EXPECT_EQ(connect({.client_id = "s", .clean = true}), 0U) << "this frees disk";
  disk_is(condition::good);
  EXPECT_EQ(connect({.client_id = "new", .clean = false}), 0U);
}

TEST_F(StoreGate, ARefusedConnectTakesNothingOver) {
  test_client s = t.w.connect({.client_id = "s"});
  disk_is(condition::low_disk);
  EXPECT_EQ(connect({.client_id = "s", .clean = false}), 3U);
  s.ping();
}

TEST_F(StoreGate, TakesNoNewSubscriptionsOfPersistentSessionsOnALowDisk) {
  test_client s = t.persistent("s");
  s.subscribe("a", qos1);
  test_client clean = t.w.connect({.client_id = "clean"});
  disk_is(condition::low_disk);
  EXPECT_EQ(s.subscribe("b", qos1).codes[0], std::byte{0x80});
  EXPECT_EQ(s.subscribe("a", qos2).codes[0], std::byte{2}) << "it is there already";
  EXPECT_EQ(clean.subscribe("b", qos1).codes[0], std::byte{1});
  EXPECT_EQ(t.disk().count().subscriptions, 1U);
}

TEST_F(StoreGate, AnswersASubscribeOf31AsOneThatIsDenied) {
  world_options strict = options();
  strict.limits.mqtt31_denied_subscribe = session::denied_reaction::disconnect;
  store_world u{strict};
  for (store_world* one : {&t, &u}) {
    test_client s = one->w.connect({.version = v31, .client_id = "s", .clean = false});
    one->disk().set_state(condition::low_disk);
    s.send(godwit::test::subscribe_packet(1, {{"b", qos1}}, v31));
    one->w.run();
    EXPECT_EQ(one->disk().count().subscriptions, 0U);
    EXPECT_EQ(s.closed(), one == &u);
    EXPECT_EQ(s.all_packets().size(), one == &u ? 0U : 1U);
  }
  EXPECT_EQ(u.w.counters().closes[static_cast<std::size_t>(close_cause::low_disk)], 1U);
}

TEST_F(StoreGate, TellsOfEachChangeOnce) {
  for (int i = 0; i < 3; ++i) disk_is(condition::low_disk);
  disk_is(condition::full);
  disk_is(condition::good);
  for (const char* name : {"store.low_disk", "store.full", "store.good"}) {
    EXPECT_EQ(t.w.log().count(name), 1U) << name;
  }
}

TEST(StoreGateAcrossShards, CountsWhatMayMatchElsewhereAsDurable) {
  store_world t{{.shards = 4}};
  for (int i = 0; i < 8; ++i) t.sleeper("s" + std::to_string(i));
  test_client p = t.w.connect({.client_id = "p"});
  t.disk().set_state(condition::low_disk);
  p.send_publish("a", "1", qos1);
  t.w.run();
  p.expect_nothing();
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.disk().set_state(condition::good);
  p.expect_ack(puback, 1);
  EXPECT_EQ(t.w.census().log_entries, 8U);
  EXPECT_EQ(t.w.log().count("store.low_disk"), 1U) << "one shard tells";
}

TEST(StoreGateFull, AcknowledgesNothingDurableUntilThereIsSpace) {
  store_world t{{.shards = 1, .store_mode = manual}};
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  test_client clean = t.w.connect({.client_id = "clean"});
  clean.subscribe("#");
  p.send_publish("a", "1", qos1);
  t.w.run();
  t.disk().set_state(condition::full);
  t.disk().commit(9);
  p.expect_nothing();
  t.w.connect({.client_id = "q"}).publish("x", "2");
  EXPECT_THAT(t.payloads_of(clean), ElementsAre("1", "2"));
  t.disk().set_state(condition::good);
  t.sync();
  p.expect_ack(puback, 1);
}

}  // namespace
}  // namespace godwit::broker::test
