#include "conformance/doubles.hpp"
#include "store_world.hpp"

/// users.retained_bytes_max and users.queued_bytes_max: what one user may have, on all shards.

namespace godwit::broker::test {
namespace {

using observe::counter;

constexpr auto five = godwit::test::v5;

class UserQuota : public ::testing::Test {
 protected:
  UserQuota() {
    options.shards = 3;
    options.authenticator = &logins;
  }
  world& broker() {
    if (!w_) w_.emplace(options);
    return *w_;
  }
  test_client join(const std::string& id, std::optional<std::string> user, bool clean = true) {
    return broker().connect(
        {.version = v311, .client_id = id, .clean = clean, .user_name = std::move(user)});
  }
  static std::string topic(int i) { return "t/" + std::to_string(i); }
  void publish(test_client& from, const std::string& topic, std::size_t size, bool retain) {
    const std::uint16_t id = from.next_id();
    from.send(godwit::test::publish_packet(topic, std::string(size, 'x'),
                                           {.quality = qos1, .id = id, .retain = retain}));
    broker().run();
    from.expect_ack(mqtt::packet_type::puback, id);
  }
  std::int64_t retained() { return broker().counters().gauge(counter::retained_messages); }

  world_options options;
  conformance::test_authenticator logins;

 private:
  std::optional<world> w_;
};

TEST_F(UserQuota, BoundsWhatOneUserRetains) {
  options.limits.user_retained_bytes_max = 1'000;
  auto ann = join("a", "ann");
  for (int i = 0; i < 20; ++i) publish(ann, topic(i), 97, true);  // 100 and a little each
  EXPECT_EQ(retained(), 10);
  EXPECT_EQ(broker().log().last("retained.full")->field("key"), "users.retained_bytes_max");
  // Another user, and nobody in particular, have their own room.
  auto bob = join("b", "bob");
  publish(bob, "bob", 500, true);
  auto nobody = join("n", std::nullopt);
  publish(nobody, "nobody", 5'000, true);
  EXPECT_EQ(retained(), 12);
  // What is replaced and cleared makes room again.
  publish(ann, topic(0), 1, true);
  publish(ann, topic(1), 0, true);
  publish(ann, "more", 100, true);
  EXPECT_EQ(retained(), 12);
  broker().crash_and_restart();
  auto again = join("a", "ann");
  publish(again, "yet more", 300, true);
  EXPECT_EQ(retained(), 12) << "it is known after a restart, too";
}

TEST_F(UserQuota, TakesOverWhatAnotherUserReplaces) {
  options.limits.user_retained_bytes_max = 1'000;
  auto ann = join("a", "ann");
  auto bob = join("b", "bob");
  publish(ann, "t", 900, true);
  publish(bob, "t", 900, true);
  publish(ann, "mine", 900, true);
  publish(bob, "his", 900, true);
  EXPECT_EQ(retained(), 2);
}

TEST_F(UserQuota, BoundsWhatWaitsInAllSessionsOfAUser) {
  options.limits.user_queued_bytes_max = 10'000;
  for (int i = 0; i < 8; ++i) {
    auto ann = join("a" + std::to_string(i), "ann", false);
    ann.subscribe("t", qos1);
    ann.disconnect();
  }
  auto bob = join("bob", "bob", false);
  bob.subscribe("t", qos1);
  bob.disconnect();
  auto p = join("p", "carol");
  for (int i = 0; i < 30; ++i) {
    publish(p, "t", 199, false);
    broker().advance(seconds{3});
  }
  // Seven rounds of eight are too much; the round that found it out was still taken.
  const auto sums = broker().counters();
  EXPECT_EQ(sums[observe::drop_reason::user_quota], (30U - 7U) * 8U);
  EXPECT_EQ(broker().log().last("session.queue_full")->field("key"), "users.queued_bytes_max");
  auto again = join("bob", "bob", false);
  broker().run();
  EXPECT_EQ(store_world::payloads_of(again).size(), 30U) << "other users notice nothing";
  broker().check_balance();
}

}  // namespace
}  // namespace godwit::broker::test
