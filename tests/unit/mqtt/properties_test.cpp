#include "decoding.hpp"

#include <godwit/mqtt/properties.hpp>

namespace godwit::mqtt {
namespace {

using std::string_view;

base::bytes connack_properties() {
  base::bytes out;
  properties_builder{out}
      .add(property_id::session_expiry_interval, 7200U)
      .add(property_id::assigned_client_identifier, "made-up")
      .add(property_id::server_keep_alive, 300U)
      .add(property_id::authentication_method, "SCRAM")
      .add(property_id::authentication_data, base::as_bytes("data"))
      .add(property_id::response_information, "here")
      .add(property_id::server_reference, "there")
      .add(property_id::reason_string, "why")
      .add(property_id::receive_maximum, 20U)
      .add(property_id::topic_alias_maximum, 0U)
      .add(property_id::maximum_qos, 1U)
      .add(property_id::retain_available, 0U)
      .add_user_property("a", "1")
      .add(property_id::maximum_packet_size, 0xFFFFFFFFU)
      .add(property_id::wildcard_subscription_available, 1U)
      .add(property_id::subscription_identifier_available, 0U)
      .add(property_id::shared_subscription_available, 1U)
      .add_user_property("a", "2");
  return out;
}

TEST(Properties, LooksUpWhatWasBuilt) {
  const base::bytes block = connack_properties();
  const auto p = check_properties(block, property_owner::connack, sender::server).value();
  EXPECT_EQ(p.session_expiry_interval(), 7200U);
  EXPECT_EQ(p.assigned_client_identifier(), "made-up");
  EXPECT_EQ(p.server_keep_alive(), 300);
  EXPECT_EQ(p.authentication_method(), "SCRAM");
  EXPECT_EQ(base::as_text(*p.authentication_data()), "data");
  EXPECT_EQ(p.response_information(), "here");
  EXPECT_EQ(p.server_reference(), "there");
  EXPECT_EQ(p.reason_string(), "why");
  EXPECT_EQ(p.receive_maximum(), 20);
  EXPECT_EQ(p.topic_alias_maximum(), 0);
  EXPECT_EQ(p.maximum_qos(), qos::at_least_once);
  EXPECT_EQ(p.retain_available(), false);
  EXPECT_EQ(p.maximum_packet_size(), 0xFFFFFFFFU);
  EXPECT_EQ(p.wildcard_subscription_available(), true);
  EXPECT_EQ(p.subscription_identifier_available(), false);
  EXPECT_EQ(p.shared_subscription_available(), true);
  EXPECT_EQ(p.user_property("a"), "1");
  EXPECT_EQ(p.user_property("b"), std::nullopt);
  EXPECT_EQ(p.topic_alias(), std::nullopt);
}

TEST(Properties, LooksUpPropertiesOfMessagesAndRequests) {
  base::bytes block;
  properties_builder{block}
      .add(property_id::payload_format_indicator, 1U)
      .add(property_id::message_expiry_interval, 60U)
      .add(property_id::content_type, "text/plain")
      .add(property_id::response_topic, "reply/to")
      .add(property_id::correlation_data, base::as_bytes("c"))
      .add(property_id::topic_alias, 65'535U);
  const auto p = check_properties(block, property_owner::publish, sender::client).value();
  EXPECT_EQ(p.payload_format_indicator(), 1);
  EXPECT_EQ(p.message_expiry_interval(), 60U);
  EXPECT_EQ(p.content_type(), "text/plain");
  EXPECT_EQ(p.response_topic(), "reply/to");
  EXPECT_EQ(base::as_text(*p.correlation_data()), "c");
  EXPECT_EQ(p.topic_alias(), 65'535);

  base::bytes other;
  properties_builder{other}
      .add(property_id::request_problem_information, 0U)
      .add(property_id::request_response_information, 1U);
  const auto c = check_properties(other, property_owner::connect, sender::client).value();
  EXPECT_EQ(c.request_problem_information(), false);
  EXPECT_EQ(c.request_response_information(), true);

  base::bytes will;
  properties_builder{will}.add(property_id::will_delay_interval, 5U);
  EXPECT_EQ(properties_view{will}.will_delay_interval(), 5U);
}

TEST(Properties, EmptyViewHasNothing) {
  const properties_view p;
  EXPECT_TRUE(p.empty());
  EXPECT_EQ(p.topic_alias(), std::nullopt);
  EXPECT_EQ(p.user_property("a"), std::nullopt);
  EXPECT_FALSE(p.all().next().has_value());
}

TEST(Properties, AViewOverBytesOfOurOwnFindsTheSame) {
  const base::bytes block = connack_properties();
  const properties_view p{block};
  EXPECT_EQ(p.receive_maximum(), 20);
  EXPECT_EQ(p.user_property("a"), "1");
  EXPECT_EQ(p.topic_alias(), std::nullopt);
}

TEST(Properties, WalksAllInTheOrderSent) {
  base::bytes block;
  properties_builder{block}
      .add_user_property("b", "1")
      .add(property_id::subscription_identifier, 1U)
      .add_user_property("a", "2")
      .add(property_id::subscription_identifier, 268'435'455U)
      .add_user_property("b", "1");
  const auto view = check_properties(block, property_owner::publish, sender::server).value();
  std::string seen;
  auto cursor = view.all();
  while (auto p = cursor.next()) {
    if (const auto* pair = std::get_if<string_pair>(&p->value)) {
      seen += std::string{pair->key} + "=" + std::string{pair->value} + " ";
    } else {
      seen += std::to_string(std::get<std::uint32_t>(p->value)) + " ";
    }
  }
  EXPECT_EQ(seen, "b=1 1 a=2 268435455 b=1 ");
  EXPECT_EQ(view.subscription_identifier(), 1U) << "the first";
}

TEST(Properties, ForwardsWhatBelongsToTheMessageInOrder) {
  clause("v5 MQTT-3.3.2-17");
  clause("v5 MQTT-3.3.2-18");
  clause("v5 MQTT-3.1.3-10");
  base::bytes block;
  properties_builder{block}
      .add_user_property("a", "1")
      .add(property_id::message_expiry_interval, 60U)
      .add_user_property("b", "2")
      .add(property_id::topic_alias, 3U)
      .add_user_property("a", "3")
      .add_user_property("", "");
  base::bytes expected;
  properties_builder{expected}
      .add_user_property("a", "1")
      .add_user_property("b", "2")
      .add_user_property("a", "3")
      .add_user_property("", "");
  base::bytes forwarded;
  append_forwardable(properties_view{block}, forwarded);
  EXPECT_EQ(forwarded, expected);
}

TEST(Properties, ForwardsTheDescriptionOfThePayloadUnchanged) {
  clause("v5 MQTT-3.3.2-4");
  clause("v5 MQTT-3.3.2-15");
  clause("v5 MQTT-3.3.2-16");
  base::bytes block;
  properties_builder{block}
      .add(property_id::correlation_data, base::as_bytes(string_view{"\0\xFF", 2}))
      .add(property_id::payload_format_indicator, 0U)
      .add(property_id::response_topic, "reply")
      .add(property_id::content_type, "");
  base::bytes forwarded = hex("26 00 00 00 00");
  append_forwardable(properties_view{block}, forwarded);
  base::bytes expected = hex("26 00 00 00 00");
  expected.insert(expected.end(), block.begin(), block.end());
  EXPECT_EQ(forwarded, expected) << "appended, in the order sent";
}

TEST(Properties, ForwardsNothingThatIsForTheBrokerAlone) {
  clause("v5 MQTT-3.3.2-20");
  base::bytes block;
  properties_builder{block}
      .add(property_id::message_expiry_interval, 1U)
      .add(property_id::subscription_identifier, 1U)
      .add(property_id::topic_alias, 1U)
      .add(property_id::will_delay_interval, 1U)
      .add(property_id::content_type, "kept");
  base::bytes forwarded;
  append_forwardable(properties_view{block}, forwarded);
  EXPECT_EQ(properties_view{forwarded}.content_type(), "kept");
  EXPECT_EQ(forwarded.size(), 7U);
}

// Battery 18: cost grows with the size, not with its square; a quadratic check takes minutes here.
TEST(Properties, ChecksManyUserPropertiesInLinearTime) {
  base::bytes block;
  for (int i = 0; i < 50'000; ++i) properties_builder{block}.add_user_property("k", "v");
  const auto view = check_properties(block, property_owner::connect, sender::client);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->receive_maximum(), std::nullopt);
  base::bytes forwarded;
  append_forwardable(*view, forwarded);
  EXPECT_EQ(forwarded.size(), block.size());
}

// Battery 25.
TEST(Properties, NeverReachBeyondTheirBlock) {
  EXPECT_EQ(refusal(hex("30 0A 00 01 61 03 03 00 05 61 62 63"), protocol_version::v5),
            reason_code::malformed_packet);
  EXPECT_EQ(refusal(hex("30 08 00 01 61 09 01 01 61 62"), protocol_version::v5),
            reason_code::malformed_packet);
}

}  // namespace
}  // namespace godwit::mqtt
