#include "oracle.hpp"

#include <gtest/gtest.h>

namespace godwit::sim {
namespace {

using mqtt::qos;

/// The judge itself must be able to say no.
class OracleTest : public ::testing::Test {
 protected:
  message_index publish(std::string payload, qos quality, bool acked = true) {
    published p;
    p.topic = "a/b";
    p.payload = std::move(payload);
    p.quality = quality;
    const message_index m = oracle_.new_message(p);
    oracle_.on_sent(m);
    if (acked) oracle_.on_acked(m);
    return m;
  }
  void subscribe(std::size_t persona, const std::string& filter, qos quality) {
    filter_model& f = oracle_.session(persona).filters[filter];
    f.on_subscribe_sent(context_.mark(), {quality});
    f.on_suback(context_.mark(), {quality}, false);
  }
  void receive(std::size_t persona, message_index m, qos quality, bool dup = false) {
    const published& sent = oracle_.message(m);
    mqtt::publish_view p;
    p.topic = sent.topic;
    p.payload = base::as_bytes(sent.payload);
    p.quality = quality;
    p.dup = dup;
    oracle_.on_publish(persona, {.publish = p});
  }
  struct circumstances {
    std::size_t unacknowledged = 0;
    std::size_t receive_maximum = 65'535;
    bool shared = false;
  };
  void arrive(std::size_t persona, message_index m, const circumstances& how) {
    const published& sent = oracle_.message(m);
    mqtt::publish_view p;
    p.topic = sent.topic;
    p.payload = base::as_bytes(sent.payload);
    p.quality = qos::at_least_once;
    oracle_.on_publish(persona, {.publish = p,
                                 .shared = how.shared,
                                 .unacknowledged = how.unacknowledged,
                                 .receive_maximum = how.receive_maximum});
  }
  message_index publish_retained(std::string payload) {
    published p;
    p.topic = "a/b";
    p.payload = std::move(payload);
    p.quality = qos::at_least_once;
    p.retain = true;
    const message_index m = oracle_.new_message(p);
    oracle_.on_sent(m);
    oracle_.on_acked(m);
    return m;
  }
  void replay(std::size_t persona, message_index m) {
    const published& sent = oracle_.message(m);
    mqtt::publish_view p;
    p.topic = sent.topic;
    p.payload = base::as_bytes(sent.payload);
    p.quality = qos::at_least_once;
    p.retain = true;
    oracle_.on_publish(persona, {.publish = p});
  }
  /// Of client 1, on a connection that is there.
  message_index leave_will(std::string payload) {
    published p;
    p.topic = "a/b";
    p.payload = std::move(payload);
    p.quality = qos::exactly_once;
    p.is_will = true;
    p.persona = 1;
    p.first_sent = context_.mark();
    p.left_by = std::make_shared<link>(context_, "client-1#1", 0);
    return oracle_.new_message(p);
  }
  [[nodiscard]] std::size_t violations() const { return context_.violations.size(); }

  context context_{1, false};
  oracle oracle_{context_, 2, 10};
};

TEST_F(OracleTest, IsContentWithWhatIsRight) {
  subscribe(0, "a/#", qos::exactly_once);
  const message_index m = publish("one", qos::exactly_once);
  receive(0, m, qos::exactly_once);
  oracle_.check_delivered();
  EXPECT_EQ(violations(), 0U);
}

TEST_F(OracleTest, SeesALostMessage) {
  subscribe(0, "a/#", qos::at_least_once);
  publish("one", qos::at_least_once);
  oracle_.check_delivered();
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, DoesNotAskForWhatWasNotAcknowledged) {
  subscribe(0, "a/#", qos::at_least_once);
  publish("one", qos::at_least_once, false);
  oracle_.check_delivered();
  EXPECT_EQ(violations(), 0U);
}

TEST_F(OracleTest, SeesAQos2MessageTwice) {
  subscribe(0, "a/#", qos::exactly_once);
  const message_index m = publish("one", qos::exactly_once);
  receive(0, m, qos::exactly_once);
  receive(0, m, qos::exactly_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesARepetitionWithoutDup) {
  subscribe(0, "a/#", qos::at_least_once);
  const message_index m = publish("one", qos::at_least_once);
  receive(0, m, qos::at_least_once);
  receive(0, m, qos::at_least_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesADeliveryWithoutSubscription) {
  const message_index m = publish("one", qos::at_least_once);
  receive(0, m, qos::at_most_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesTheWrongQos) {
  subscribe(0, "a/b", qos::at_least_once);
  const message_index m = publish("one", qos::exactly_once);
  receive(0, m, qos::exactly_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesTheWrongOrder) {
  subscribe(0, "#", qos::at_least_once);
  const message_index first = publish("one", qos::at_least_once);
  const message_index second = publish("two", qos::at_least_once);
  receive(0, second, qos::at_least_once);
  receive(0, first, qos::at_least_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, MatchesTheNaiveWay) {
  EXPECT_TRUE(matches("a/#", "a"));
  EXPECT_TRUE(matches("a/#", "a/b/c"));
  EXPECT_TRUE(matches("+/b", "/b"));
  EXPECT_TRUE(matches("$share/g/a/#", "a/b"));
  EXPECT_FALSE(matches("+", "a/b"));
  EXPECT_FALSE(matches("a/+", "a"));
  EXPECT_FALSE(matches("#", "$SYS/x"));
}

TEST_F(OracleTest, SeesThatAnExpiredMessageComesAndThatItsExpiryStays) {
  subscribe(0, "a/#", qos::at_least_once);
  const message_index m = publish("short", qos::at_least_once);
  oracle_.message(m).expiry_s = 5;
  context_.pass(std::chrono::seconds{10});
  base::bytes left;
  mqtt::properties_builder{left}.add(mqtt::property_id::message_expiry_interval, 5U);
  mqtt::publish_view p;
  p.topic = "a/b";
  p.payload = base::as_bytes(std::string_view{"short"});
  p.quality = qos::at_least_once;
  p.properties = mqtt::properties_view{left};
  oracle_.on_publish(0, {.publish = p, .asked_at = context_.now.steady, .is_v5 = true});
  EXPECT_EQ(violations(), 2U);
}

TEST_F(OracleTest, SeesAMissingAndAWrongIdentifier) {
  subscribe(0, "a/#", qos::at_least_once);
  const message_index m = publish("one", qos::at_least_once);
  oracle_.message(m).persona = 1;
  base::bytes wrong;
  mqtt::properties_builder{wrong}.add(mqtt::property_id::subscription_identifier, 77U);
  mqtt::publish_view p;
  p.topic = "a/b";
  p.payload = base::as_bytes(std::string_view{"one"});
  p.quality = qos::at_least_once;
  p.properties = mqtt::properties_view{wrong};
  oracle_.on_publish(0, {.publish = p, .is_v5 = true, .gives_identifiers = true});
  EXPECT_EQ(violations(), 2U);
}

TEST_F(OracleTest, SeesMoreInFlightThanTheLimitAndThanTheReceiveMaximum) {
  subscribe(0, "a/#", qos::at_least_once);
  arrive(0, publish("one", qos::at_least_once), {.unacknowledged = 11});
  EXPECT_EQ(violations(), 1U);
  arrive(0, publish("two", qos::at_least_once), {.unacknowledged = 3, .receive_maximum = 2});
  EXPECT_EQ(violations(), 2U);
}

TEST_F(OracleTest, SeesDupOnWhatIsNewerThanTheConnection) {
  subscribe(0, "a/#", qos::at_least_once);
  receive(0, publish("one", qos::at_least_once), qos::at_least_once, true);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesAMessageThatNobodyPublished) {
  subscribe(0, "a/#", qos::at_least_once);
  mqtt::publish_view p;
  p.topic = "a/b";
  p.payload = base::as_bytes(std::string_view{"never said"});
  oracle_.on_publish(0, {.publish = p});
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesItsOwnMessageInSpiteOfNoLocal) {
  filter_model& f = oracle_.session(0).filters["a/#"];
  const filter_model::asked how{qos::at_least_once, true};
  f.on_subscribe_sent(context_.mark(), how);
  f.on_suback(context_.mark(), how, false);
  receive(0, publish("one", qos::at_least_once), qos::at_least_once);  // client 0 is its publisher
  EXPECT_EQ(violations(), 2U);  // no subscription, and so no QoS is granted
}

TEST_F(OracleTest, SeesAnOlderRetainedMessageBehindANewerOne) {
  subscribe(0, "a/#", qos::at_least_once);
  const message_index old = publish_retained("old");
  const message_index fresh = publish_retained("new");
  replay(0, fresh);
  EXPECT_EQ(violations(), 0U);
  replay(0, old);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesARetainedMessageLiveAndReplayed) {
  subscribe(0, "a/#", qos::at_least_once);
  const message_index m = publish_retained("one");
  receive(0, m, qos::at_least_once);
  replay(0, m);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesTheWrongRetainedMessageAtTheEnd) {
  publish_retained("old");
  publish_retained("new");
  oracle_.check_retained({{"a/b", "new"}});
  EXPECT_EQ(violations(), 0U);
  oracle_.check_retained({{"a/b", "old"}});
  EXPECT_EQ(violations(), 1U);
  oracle_.check_retained({});
  EXPECT_EQ(violations(), 2U);
}

TEST_F(OracleTest, SeesTwoMembersOfAGroupWithOneMessageAndNoneWithAnother) {
  for (const std::size_t member : {0U, 1U}) {
    oracle_.session(member).persistent = true;
    subscribe(member, "$share/g/a/#", qos::at_least_once);
  }
  const message_index m = publish("one", qos::at_least_once);
  arrive(0, m, {.shared = true});
  oracle_.check_groups();
  EXPECT_EQ(violations(), 0U);
  arrive(1, m, {.shared = true});
  EXPECT_EQ(violations(), 1U);
  publish("two", qos::at_least_once);
  oracle_.check_groups();
  EXPECT_EQ(violations(), 2U);
}

TEST_F(OracleTest, SeesAWillTooEarlyTwiceAndNever) {
  subscribe(0, "a/#", qos::exactly_once);
  const message_index early = leave_will("early");
  receive(0, early, qos::exactly_once);  // its connection is there
  EXPECT_EQ(violations(), 1U);
  const message_index late = leave_will("late");
  oracle_.on_end(late, "keep_alive_timeout", context_.mark());
  oracle_.check_wills();
  EXPECT_EQ(violations(), 2U);
  oracle_.message(late).left_by.reset();
  receive(0, late, qos::exactly_once);
  receive(0, late, qos::exactly_once);
  EXPECT_EQ(violations(), 3U);
}

TEST_F(OracleTest, SeesAWillInSpiteOfDisconnect) {
  subscribe(0, "a/#", qos::exactly_once);
  const message_index m = leave_will("one");
  oracle_.message(m).left_by.reset();
  oracle_.on_end(m, "client_disconnected", context_.mark());
  receive(0, m, qos::exactly_once);
  EXPECT_EQ(violations(), 1U);
}

TEST_F(OracleTest, SeesAWillBeforeItsDelayAndOneWhoseClientCameBack) {
  subscribe(0, "a/#", qos::exactly_once);
  for (const bool is_back : {false, true}) {
    const message_index m = leave_will(is_back ? "back" : "early");
    oracle_.message(m).left_by.reset();
    oracle_.message(m).delay_s = 20;
    oracle_.on_end(m, "client_closed", context_.mark());
    if (is_back) {
      oracle_.on_connected("client-1");
      context_.pass(std::chrono::seconds{30});
    }
    receive(0, m, qos::exactly_once);
    EXPECT_EQ(violations(), is_back ? 2U : 1U);
  }
}

TEST_F(OracleTest, GrantsADelayedWillToASessionThatStartsOverAfterARestart) {
  subscribe(0, "a/#", qos::exactly_once);
  for (const bool starts_over : {true, false}) {
    const message_index m = leave_will(starts_over ? "ends" : "goes on");
    oracle_.message(m).delay_s = 20;
    oracle_.on_restart();
    if (starts_over) oracle_.on_clean_start(1);
    oracle_.withdraw({m});
    receive(0, m, qos::exactly_once);
    EXPECT_EQ(violations(), starts_over ? 0U : 1U);
  }
}

}  // namespace
}  // namespace godwit::sim
