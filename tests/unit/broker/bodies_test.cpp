#include "store_world.hpp"

#include <algorithm>

/// Queued messages whose bodies lie in the store only.

namespace godwit::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto manual = memory_store::mode::manual;

TEST(Bodies, ForWhoIsAwayLeaveMemoryOnceTheyAreDurable) {
  store_world t{{.shards = 1, .store_mode = manual}, 1'000};
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  for (const char* text : {"1", "2", "3", "4", "5"}) p.send_publish("a", text, qos1);
  t.w.run();
  EXPECT_EQ(t.w.census().spilled, 0U) << "nothing is durable";
  EXPECT_EQ(t.w.census().body_bytes, 10U);
  t.sync();
  EXPECT_EQ(t.w.census().spilled, 5U);
  EXPECT_EQ(t.w.census().body_bytes, 0U);
  t.w.check_balance();

  test_client s = t.persistent("s");
  EXPECT_THAT(t.payloads_of(s), IsEmpty());
  EXPECT_EQ(t.disk().waiting_fetches(), 1U);
  t.disk().answer_fetches(1);
  EXPECT_THAT(t.payloads_of(s), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_EQ(t.w.census().spilled, 0U);
}

TEST(Bodies, ForWhoIsConnectedStayInMemoryWithinTheBudget) {
  world_options o{.shards = 1};
  o.limits.inflight_max = 1;
  for (const std::uint64_t budget : {4U, 100U}) {
    store_world t{o, budget};
    test_client s = t.persistent("s");
    t.subscribe(s, "a", qos1);
    test_client p = t.w.connect({.client_id = "p"});
    t.publish(p, {"1", "2", "3", "4", "5"});
    EXPECT_EQ(t.w.census().spilled, budget == 4U ? 3U : 0U);
    EXPECT_THAT(s.receive_all(), ElementsAre("1", "2", "3", "4", "5"));
  }
}

TEST(Bodies, StayInMemoryWithoutABudget) {
  store_world t{{.shards = 1}};
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  t.publish(p, {"1", "2", "3"});
  EXPECT_EQ(t.w.census().spilled, 0U);
}

TEST(Bodies, OfCleanSessionsAndOfTheWindowStayInMemory) {
  store_world t{{.shards = 1}, 1};
  test_client clean = t.w.connect({.client_id = "clean"});
  clean.subscribe("a", qos1);
  test_client kept = t.persistent("kept");
  t.subscribe(kept, "a", qos1);
  test_client p = t.w.connect({.client_id = "p"});
  t.publish(p, {"1", "2", "3"});
  EXPECT_EQ(t.w.census().spilled, 0U);
  EXPECT_EQ(t.w.census().log_entries, 6U);
}

TEST(Bodies, OfTentativeMessagesLeaveAfterTheirCommit) {
  store_world t{{.shards = 2}, 1};
  test_client p = t.persistent("p");
  for (int i = 0; i < 8; ++i) t.sleeper("s" + std::to_string(i), qos2);
  for (const char* text : {"1", "2", "3"}) p.publish("a", text, qos2);
  EXPECT_EQ(t.w.census().log_entries, 24U);
  EXPECT_GE(t.w.census().spilled, 16U);
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(t.persistent("s" + std::to_string(i)).receive_all(), ElementsAre("1", "2", "3"));
  }
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.w.check_balance();
}

TEST(Bodies, ComeBackInPagesAndInOrder) {
  store_world t{{.shards = 1}, 100};
  t.sleeper("s");
  test_client p = t.w.connect({.client_id = "p"});
  texts sent;
  for (int i = 0; i < 1'500; ++i) sent.push_back(std::to_string(i));
  t.publish(p, sent);
  ASSERT_GT(t.w.census().spilled, 1'400U);
  test_client s = t.persistent("s");
  std::uint64_t most = 0;
  texts got;
  while (got.size() < sent.size()) {
    most = std::max(most, t.w.census().body_bytes);
    got.push_back(std::string{base::as_text(s.receive().payload)});
    ASSERT_EQ(got.back(), sent[got.size() - 1]);
  }
  EXPECT_LT(most, 2'000U) << "no spike";
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.w.check_balance();
}

TEST(Bodies, AreFetchedWhereTheWindowIsFull) {
  world_options o{.shards = 1};
  o.limits.inflight_max = 1;
  store_world t{o, 1};
  test_client s = t.persistent("s");
  t.subscribe(s, "a", qos2);
  test_client p = t.w.connect({.client_id = "p"});
  t.publish(p, {"1", "2", "3", "4"}, qos2);
  EXPECT_EQ(t.w.census().spilled, 3U);
  EXPECT_THAT(s.receive_all(), ElementsAre("1", "2", "3", "4"));
}

TEST(Bodies, ThatComeTooLateAreIgnored) {
  store_world t{{.shards = 1, .store_mode = manual}, 1};
  test_client p = t.w.connect({.client_id = "p"});
  t.sleeper("s");
  t.publish(p, {"1", "2"});
  test_client s = t.persistent("s");
  ASSERT_EQ(t.disk().waiting_fetches(), 1U);
  s.reset();
  t.w.run();
  t.disk().answer_fetches(1);
  t.w.run();
  EXPECT_EQ(t.w.census().spilled, 2U) << "nobody is there to take them";

  s = t.persistent("s");
  ASSERT_EQ(t.disk().waiting_fetches(), 1U);
  s.reset();
  test_client fresh = t.w.connect_socket();
  fresh.send(godwit::test::connect_packet({.client_id = "s", .clean = true}));
  t.sync();
  t.disk().answer_fetches(1);
  t.w.run();
  EXPECT_EQ(t.w.census().log_entries, 0U) << "the session has ended";
  EXPECT_EQ(t.w.census().pending, 0U);
  t.w.check_balance();
}

TEST(Bodies, ThatTheStoreHasLostAreCountedAndHoldNothingUp) {
  store_world t{{.shards = 1, .store_mode = manual}, 1};
  test_client p = t.w.connect({.client_id = "p"});
  t.sleeper("s");
  t.publish(p, {"1", "2", "3"});
  ASSERT_EQ(t.w.census().spilled, 3U);
  std::ignore =
      t.disk().submit({store::removed{store::session_number{1}, store::log_position{2}, {}}});
  t.sync();
  test_client s = t.persistent("s");
  t.disk().answer_fetches(1);
  EXPECT_THAT(t.payloads_of(s), ElementsAre("1", "3"));
  EXPECT_EQ(t.w.counters()[drop_reason::body_missing], 1U);
  ASSERT_NE(t.w.log().last("store.body_missing"), nullptr);
  EXPECT_EQ(t.w.log().last("store.body_missing")->field("client"), "s");
  EXPECT_EQ(t.w.log().last("store.body_missing")->level, observe::log_level::error);
  t.w.check_balance();
}

TEST(Bodies, AreLeftInTheStoreByARestart) {
  store_world t{{.shards = 1}, 1};
  test_client s = t.persistent("s");
  t.subscribe(s, "a", qos2);
  test_client p = t.w.connect({.client_id = "p"});
  t.publish(p, {"1", "2"}, qos2);
  ASSERT_THAT(t.payloads_of(s), ElementsAre("1", "2"));
  t.disk().set_bodies_recovered(0);
  t.w.crash_and_restart();
  EXPECT_EQ(t.w.census().spilled, 2U);
  s = t.persistent("s");
  EXPECT_THAT(s.receive_all(), ElementsAre("1", "2")) << "what is in the window comes again";
  t.w.check_balance();
}

TEST(Bodies, OfSharedMessagesAreFetchedToGoToAnotherMember) {
  store_world t{{.shards = 2, .store_mode = manual}, 1};
  test_client p = t.w.connect({.client_id = "p"});
  for (const char* id : {"m1", "m2"}) {
    test_client m = t.persistent(id);
    t.subscribe(m, "$share/g/a", qos1);
    m.disconnect();
    t.sync();
  }
  texts sent;
  for (int i = 0; i < 200; ++i) sent.push_back(std::to_string(i));
  t.publish(p, sent);
  EXPECT_EQ(t.w.census().spilled, 200U);
  // One member's session ends; the messages it had go to the other.
  test_client gone = t.w.connect_socket();
  gone.send(godwit::test::connect_packet({.client_id = "m1", .clean = true}));
  t.sync_all();
  EXPECT_EQ(t.w.census().log_entries, 200U);
  test_client m = t.persistent("m2");
  texts got = t.receive(m, sent.size());
  std::ranges::sort(got);
  std::ranges::sort(sent);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(t.w.census().log_entries, 0U);
  t.w.check_balance();
}

TEST(Bodies, OfAnEndedSessionFindAMemberAfterARestart) {
  store_world t{{.shards = 1, .store_mode = manual}, 1};
  test_client p = t.w.connect({.client_id = "p"});
  for (const char* id : {"m1", "m2"}) {
    test_client m = t.persistent(id);
    t.subscribe(m, "$share/g/a", qos1);
    m.disconnect();
    t.sync();
  }
  t.publish(p, {"1", "2", "3", "4"});
  test_client gone = t.w.connect_socket();
  gone.send(godwit::test::connect_packet({.client_id = "m1", .clean = true}));
  t.sync();
  ASSERT_EQ(t.disk().waiting_fetches(), 1U) << "their bodies are on the way";
  t.disk().set_bodies_recovered(0);
  t.w.crash_and_restart();
  t.sync_all();
  test_client m = t.persistent("m2");
  EXPECT_EQ(t.receive(m, 4).size(), 4U);
  EXPECT_EQ(t.disk().count().sessions, 1U);
  EXPECT_EQ(t.w.census().log_entries, 0U);
}

}  // namespace
}  // namespace godwit::broker::test
