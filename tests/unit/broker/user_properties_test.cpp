#include "store_world.hpp"

#include <godwit/mqtt/properties.hpp>

/// connection.user_properties_max: how many one packet of a 5.0 client may have.

namespace godwit::broker::test {
namespace {

using godwit::test::v5;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
constexpr auto quota_exceeded = mqtt::reason_code::quota_exceeded;
constexpr const char* key = "connection.user_properties_max";

base::bytes user_properties(int count) {
  base::bytes out;
  mqtt::properties_builder to{out};
  for (int i = 0; i < count; ++i) to.add_user_property("k", "v");
  return out;
}

class UserProperties : public ::testing::Test {
 protected:
  static world_options options() {
    world_options o{.shards = 1};
    o.limits.user_properties_max = 3;
    return o;
  }
  void expect_told_and_closed(test_client& c) {
    const auto bye = c.expect<mqtt::disconnect_view>("DISCONNECT");
    EXPECT_EQ(bye.code, quota_exceeded);
    EXPECT_THAT(std::string{bye.properties.reason_string().value_or("")}, HasSubstr(key));
    c.expect_closed();
    EXPECT_EQ(w.counters().closes[static_cast<std::size_t>(close_cause::resources)], 1U);
  }

  world w{options()};
};

TEST_F(UserProperties, OfAPublishAreCountedBeforeItGoesAnywhere) {
  test_client all = w.connect({.client_id = "all"});
  all.subscribe("#");
  test_client p = w.connect({.version = v5, .client_id = "p"});
  const auto send = [&](int count, mqtt::qos quality, std::uint16_t id) {
    p.send(godwit::test::publish_packet(
        "t", "x", {.quality = quality, .id = id, .properties = user_properties(count)}, v5));
  };
  send(3, qos1, 1);
  EXPECT_EQ(p.expect<mqtt::ack_view>("PUBACK").code, mqtt::reason_code::success);
  all.expect_publish("t", "x");
  send(4, qos1, 2);
  const auto no = p.expect<mqtt::ack_view>("PUBACK");
  EXPECT_EQ(no.code, quota_exceeded);
  EXPECT_THAT(std::string{no.properties.reason_string().value_or("")}, HasSubstr(key));
  send(4, qos2, 3);
  EXPECT_EQ(p.expect<mqtt::ack_view>("PUBREC").code, quota_exceeded);
  send(4, qos0, 0);
  EXPECT_TRUE(all.quiet());
  p.ping();
  EXPECT_EQ(w.counters()[refuse_reason::quota_exceeded], 3U);
  EXPECT_EQ(w.log().last("publish.refused")->field("key"), key);
  w.check_balance();
}

TEST_F(UserProperties, OfAConnectAreAnsweredWithACode) {
  const auto in = w.connect_socket().connect({.version = v5, .properties = user_properties(4)});
  EXPECT_EQ(in.code, static_cast<std::uint8_t>(quota_exceeded));
  EXPECT_EQ(w.counters()[observe::connect_refusal::not_supported], 1U);
}

TEST_F(UserProperties, OfOtherPacketsEndTheConnection) {
  test_client c = w.connect({.version = v5, .client_id = "c"});
  c.send(godwit::test::subscribe_packet(1, {{"a", qos0}}, v5, user_properties(4)));
  expect_told_and_closed(c);
  EXPECT_EQ(w.census().subscriptions, 0U);
}

TEST(UserPropertiesMax, IsGenerousAndCanBeSwitchedOff) {
  EXPECT_EQ(session::limits{}.user_properties_max, 1'000U);
  world_options o{.shards = 1};
  o.limits.user_properties_max = 0;
  world w{o};
  test_client p = w.connect({.version = v5, .client_id = "p"});
  p.send(godwit::test::publish_packet(
      "t", "x", {.quality = qos1, .id = 1, .properties = user_properties(5'000)}, v5));
  EXPECT_EQ(p.expect<mqtt::ack_view>("PUBACK").code, mqtt::reason_code::no_matching_subscribers);
}

}  // namespace
}  // namespace godwit::broker::test
