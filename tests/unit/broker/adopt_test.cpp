#include "store_world.hpp"

/// Options that a reload changes, under clients that are connected.

namespace godwit::broker::test {
namespace {

using godwit::test::v5;

/// Answers when it is told to.
class slow_authenticator final : public auth::authenticator {
 public:
  void authenticate(const auth::credentials&, std::function<void(auth::verdict)> done) override {
    answer_ = [done = std::move(done)] { done({.code = mqtt::reason_code::success}); };
  }
  void answer() { std::exchange(answer_, {})(); }

 private:
  std::function<void()> answer_;
};

class Adopt : public ::testing::Test {
 protected:
  void start() { w.emplace(o); }
  void adopt() { w->adopt(o); }
  /// Connects, subscribes to "t", and reads nothing more than a few bytes.
  test_client stalled_reader() {
    test_client c = w->connect({.client_id = "slow"});
    c.subscribe("t");
    c.stall(10);
    return c;
  }

  world_options o{.shards = 1};
  std::optional<world> w;
};

TEST_F(Adopt, ALimitCountsFromTheNextPacketOn) {
  start();
  test_client c = w->connect({.client_id = "c"});
  c.subscribe("a/b/c");
  o.limits.topic_levels_max = 2;
  adopt();
  c.publish("a/b", "x");
  EXPECT_FALSE(c.closed());
  c.publish("a/b/c", "x");
  EXPECT_TRUE(c.closed());
}

TEST_F(Adopt, WhatWasGrantedStays) {
  start();
  test_client before = w->connect({.client_id = "before", .keep_alive_s = 100});
  o.limits.keep_alive_max_s = 10;
  adopt();
  test_client after = w->connect_socket();
  after.send(godwit::test::connect_packet({.version = v5, .client_id = "b", .keep_alive_s = 100}));
  EXPECT_EQ(after.expect<mqtt::connack_view>("CONNACK").properties.server_keep_alive(), 10U);
  w->advance(seconds{16});
  EXPECT_TRUE(after.closed());
  EXPECT_FALSE(before.closed());
}

TEST_F(Adopt, AConnectThatWaitsForItsAnswerIsNotMeasuredAgain) {
  slow_authenticator who;
  o.authenticator = &who;
  start();
  test_client c = w->connect_socket();
  c.send(godwit::test::connect_packet({.client_id = std::string(200, 'c')}));
  w->run();
  o.limits.connect_bytes_max = 64;
  adopt();
  w->in_turn(0, [&] { who.answer(); });
  EXPECT_EQ(c.expect<mqtt::connack_view>("CONNACK").code, 0);
  test_client late = w->connect_socket();
  late.send(godwit::test::connect_packet({.client_id = std::string(200, 'd')}));
  EXPECT_TRUE(late.closed());
}

TEST_F(Adopt, AStalledReaderIsTimedOnceThereIsALimit) {
  o.limits.stalled_reader_timeout = seconds{0};
  start();
  test_client slow = stalled_reader();
  test_client p = w->connect({.client_id = "p"});
  p.publish("t", std::string(1'000, 'x'));
  w->advance(seconds{100});
  EXPECT_FALSE(slow.closed());
  o.limits.stalled_reader_timeout = seconds{5};
  adopt();
  w->advance(seconds{4});
  EXPECT_FALSE(slow.closed());
  w->advance(seconds{2});
  slow.resume();  // the end is behind what it has not read
  EXPECT_TRUE(slow.closed());
}

TEST_F(Adopt, AStalledReaderIsLeftAloneOnceThereIsNone) {
  o.limits.stalled_reader_timeout = seconds{5};
  start();
  test_client slow = stalled_reader();
  test_client p = w->connect({.client_id = "p"});
  p.publish("t", std::string(1'000, 'x'));
  o.limits.stalled_reader_timeout = seconds{0};
  adopt();
  w->advance(seconds{100});
  EXPECT_FALSE(slow.closed());
}

TEST_F(Adopt, TakeoversAreCountedByTheNewLimit) {
  o.limits.takeovers_max = 0;
  start();
  test_client first = w->connect({.client_id = "c"});
  test_client second = w->connect({.client_id = "c"});
  EXPECT_TRUE(first.closed());
  o.limits.takeovers_max = 1;
  adopt();
  test_client third = w->connect({.client_id = "c"});
  EXPECT_TRUE(second.closed());
  test_client fourth = w->connect_socket();
  fourth.send(godwit::test::connect_packet({.client_id = "c"}));
  EXPECT_TRUE(fourth.closed());
  EXPECT_FALSE(third.closed());
}

TEST_F(Adopt, SharedGroupsPickByTheNewPolicy) {
  start();
  test_client idle = w->connect({.client_id = "idle"});
  test_client busy = w->connect({.client_id = "busy"});
  for (test_client* c : {&idle, &busy}) c->subscribe("$share/g/t", qos1);
  test_client p = w->connect({.client_id = "p"});
  const auto publish_four = [&] {
    for (int i = 0; i < 4; ++i) p.publish("t", "x", qos1);
    return idle.receive_all().size();  // the other one acknowledges nothing
  };
  EXPECT_EQ(publish_four(), 2U) << "in turn";
  o.limits.share_selection = session::share_policy::least_in_flight;
  adopt();
  EXPECT_GE(publish_four() + publish_four(), 6U) << "in turn it would be four";
}

TEST_F(Adopt, BodiesAreKeptInMemoryByTheNewLimit) {
  store_world s{{.shards = 1, .store_mode = godwit::test::store_mode::manual}, 1};
  s.sleeper("away");
  test_client p = s.w.connect({.client_id = "p"});
  s.publish(p, {"x", "x"});
  EXPECT_EQ(s.w.census().spilled, 2U);
  s.w.adopt({.shards = 1, .store_mode = godwit::test::store_mode::manual});
  s.publish(p, {"x", "x"});
  EXPECT_EQ(s.w.census().spilled, 2U) << "no limit, so no more";
}

TEST_F(Adopt, SysTopicsBeginGoFasterAndEnd) {
  start();
  test_client watcher = w->connect({.client_id = "watcher"});
  watcher.subscribe("$SYS/broker/uptime");
  w->advance(seconds{100});
  EXPECT_TRUE(watcher.quiet());
  const auto told = [&] { return watcher.receive_all().size(); };
  o.sys_interval = seconds{86'400};
  adopt();
  EXPECT_EQ(told(), 1U) << "at once";
  o.sys_interval = seconds{10};
  adopt();
  w->advance(seconds{100});
  EXPECT_EQ(told(), 10U) << "it did not wait for the day to end";
  o.sys_interval = seconds{0};
  adopt();
  w->advance(seconds{100});
  EXPECT_EQ(told(), 0U);
}

}  // namespace
}  // namespace godwit::broker::test
