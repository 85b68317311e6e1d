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

}  // namespace
}  // namespace godwit::sim
