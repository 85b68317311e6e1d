#include "conformance/broker_test.hpp"
#include "conformance/doubles.hpp"

#include <algorithm>

/// Bugs of other brokers in who may do what, on every way that a message takes; the row is the
/// number in our list of them. Rules and logins themselves have their own tests.

namespace godwit::conformance {
namespace {

class BatteryRights : public broker_test {
 protected:
  BatteryRights() { options.authorizer = &rights; }
  void deny(auth::action what, const std::string& topic) {
    rights.denied.emplace_back(what, topic);
  }
  void review() {
    for (std::size_t i = 0; i < broker().shards(); ++i) {
      broker().in_turn(i, [&] { broker().shard(i).review(); });
    }
  }
  std::uint64_t dropped() { return broker().counters()[observe::drop_reason::no_permission]; }

  test_authorizer rights;
};
INSTANTIATE_TEST_SUITE_P(Versions, BatteryRights, both_versions, name_of);

// Rows 80 and 84: what waits for a session is judged when it leaves.
TEST_P(BatteryRights, QueuedMessagesNeedTheRightWhenTheyLeave) {
  for (const unsigned qos : {1U, 2U}) {
    rights.denied.clear();
    const std::string id = "c" + std::to_string(qos);
    auto p = join_persistent(id);
    subscribe_to(p, "#", qos);
    p.cut();
    for (const char* topic : {"open/1", "secret", "open/2", "secret"}) {
      put({.topic = topic, .payload = topic, .qos = qos});
    }
    deny(auth::action::receive, "secret");
    auto again = join_persistent(id);
    EXPECT_EQ(again.drain(), (texts{"open/1=open/1", "open/2=open/2"}));
    broker().check_balance();
    again.cut();
    // Nothing of it is left: not for the next connection, and not on disk.
    rights.denied.clear();
    broker().crash_and_restart();
    join_persistent(id).expect_silence();
  }
}

TEST_P(BatteryRights, MoreThanAWindowOfWithheldMessagesHoldsNothingUp) {
  options.limits.inflight_max = 2;
  auto p = join_persistent("c");
  subscribe_to(p, "#", 1);
  p.cut();
  for (int i = 0; i < 20; ++i) put({.topic = "secret", .qos = 1});
  put({.topic = "open", .qos = 1});
  deny(auth::action::receive, "secret");
  auto again = join_persistent("c");
  EXPECT_EQ(again.drain(), texts{"open=x"});
  EXPECT_EQ(dropped(), 20U);
  broker().check_balance();
}

// Row 81: a QoS 2 exchange under way ends without the message being sent again.
TEST_P(BatteryRights, ExchangesUnderWayEndWithoutTheMessage) {
  auto p = join_persistent("c");
  subscribe_to(p, "secret", 2);
  put({.topic = "secret", .qos = 2});
  const auto id = p.message().id();
  p.cut();
  deny(auth::action::receive, "secret");
  auto again = join_persistent("c");
  again.expect(pubrel(id));
  again.send(pubcomp(id));
  again.expect_silence();
  again.cut();
  join_persistent("c").expect_silence();
  broker().check_balance();
}

// Row 76: a retained message does not outlive its publisher's right to it.
TEST_P(BatteryRights, RetainedMessagesNeedTheRightOfTheirPublisher) {
  for (const char* topic : {"a/open", "a/secret"}) {
    put({.topic = topic, .qos = 1, .retain = true});
  }
  deny(auth::action::publish_retain, "a/secret");
  EXPECT_EQ(retained("a/#", 1), (texts{"a/open=x", "a/secret=x"}));  // it could be its will
  deny(auth::action::will_retain, "a/secret");
  EXPECT_EQ(retained("a/#", 1), texts{"a/open=x"});
  broker().crash_and_restart();
  EXPECT_EQ(retained("a/secret", 1), texts{});
  EXPECT_EQ(broker().counters()[observe::counter::retained_withheld], 1U);
  broker().check_balance();
  // It was withheld, not removed.
  rights.denied.clear();
  EXPECT_EQ(retained("a/#", 1), (texts{"a/open=x", "a/secret=x"}));
}

TEST_P(BatteryRights, RightsOfPublishersCanBeIgnored) {
  options.limits.retained_check_publisher = false;
  put({.topic = "secret", .qos = 1, .retain = true});
  deny(auth::action::publish_retain, "secret");
  deny(auth::action::will_retain, "secret");
  EXPECT_EQ(retained("secret", 1), texts{"secret=x"});
}

// Row 84: retained messages, one by one.
TEST_P(BatteryRights, RetainedMessagesNeedTheRight) {
  for (const char* topic : {"a/open", "a/secret"}) {
    put({.topic = topic, .qos = 1, .retain = true});
  }
  deny(auth::action::receive, "a/secret");
  EXPECT_EQ(retained("a/#", 1), texts{"a/open=x"});
  EXPECT_EQ(retained("#"), texts{"a/open=x"});
}

// Row 85: the filter inside "$share" is what counts, and so is each message.
TEST_P(BatteryRights, SharedSubscriptionsNeedTheSameRights) {
  deny(auth::action::subscribe, "secret");
  deny(auth::action::receive, "secret");
  auto p = join("member");
  p.send(subscribe(1, {{"$share/g/secret", 1}, {"$share/g/#", 1}}));
  p.expect(suback(1, {is_v31() ? 1U : 0x80U, 1}));
  put({.topic = "secret", .qos = 1});
  put({.topic = "open", .qos = 1});
  EXPECT_EQ(p.drain(), texts{"open=x"});
}

// Row 68
TEST_P(BatteryRights, RetainedWillsAreAskedForAsSuch) {
  deny(auth::action::will_retain, "will/topic");
  auto c = hello("c");
  c.will.emplace();
  auto p = join(c);
  c.will->retain = true;
  c.id = "d";
  expect_connack_code(c.bytes(), 5);
}

TEST_P(BatteryRights, WillsOfAnEarlierLifeNeedTheRight) {
  auto c = hello("c", false);
  c.will.emplace();
  auto p = join(c);
  broker().crash_and_restart();
  deny(auth::action::will, "will/topic");
  auto watcher = listen("all", "#");
  pass(seconds{61});
  watcher.expect_silence();
  broker().crash_and_restart();  // and its record is gone
  rights.denied.clear();
  auto later = listen("later", "#");
  pass(seconds{61});
  later.expect_silence();
}

/// Lets everybody in until the names are struck off; logins of "brief" end after a minute.
class guest_list final : public auth::authenticator {
 public:
  std::vector<std::string> struck;
  base::wall_time start{};

  void authenticate(const auth::credentials& c, std::function<void(auth::verdict)> done) override {
    auth::identity_parts parts;
    parts.user_name = c.user_name.value_or("");
    if (parts.user_name == "brief") parts.expires = c.now.wall + seconds{60};
    done({.code = mqtt::reason_code::success, .who = auth::make_principal(std::move(parts))});
  }
  [[nodiscard]] std::optional<auth::principal> review(const auth::principal& who,
                                                      const auth::credentials&) const override {
    const bool is_out = std::ranges::find(struck, who.user_name()) != struck.end();
    return is_out ? std::nullopt : std::optional{who};
  }
};

TEST_P(BatteryRights, WhoWouldNotBeLetInAnyMoreIsDisconnected) {
  guest_list guests;
  options.authenticator = &guests;
  auto ann = hello("ann-1", false);
  ann.user = "ann";
  auto bob = hello("bob-1");
  bob.user = "bob";
  auto a = join(ann);
  auto b = join(bob);
  review();
  a.expect_alive();
  guests.struck = {"ann"};
  review();
  a.expect_end();
  b.expect_alive();
  EXPECT_NE(broker().log().text().find("the login is not valid any more"), std::string::npos);
}

TEST_P(BatteryRights, ALoginThatEndsTakesItsConnectionAlong) {
  guest_list guests;
  options.authenticator = &guests;
  auto c = hello("c");
  c.user = "brief";
  auto p = join(c);
  auto d = hello("d");
  d.user = "bob";
  auto q = join(d);
  pass(seconds{59});
  p.expect_alive();
  pass(seconds{2});
  p.expect_end();
  q.expect_alive();
}

}  // namespace
}  // namespace godwit::conformance
