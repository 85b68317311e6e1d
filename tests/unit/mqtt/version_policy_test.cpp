#include "support/clause.hpp"

#include <godwit/mqtt/version_policy.hpp>

#include <gtest/gtest.h>

namespace godwit::mqtt {
namespace {

TEST(VersionPolicy, IsOfTheVersionAskedFor) {
  for (const auto v : {protocol_version::v31, protocol_version::v311, protocol_version::v5}) {
    EXPECT_EQ(policy_for(v).version, v);
  }
}

TEST(VersionPolicy, ConnackOfMqtt3SaysOnlyItsOwnCodes) {
  clause("v311 MQTT-3.2.2-6");
  clause("v31 M31-connack-2");
  for (unsigned value = 0; value < 256; ++value) {
    const auto code = connack_code_v3(static_cast<reason_code>(value));
    if (!code) continue;
    EXPECT_LE(*code, 5) << value;
    EXPECT_EQ(*code == 0, value == 0) << value;
  }
  EXPECT_EQ(connack_code_v3(reason_code::unsupported_protocol_version), 1);
  EXPECT_EQ(connack_code_v3(reason_code::client_identifier_not_valid), 2);
  EXPECT_EQ(connack_code_v3(reason_code::server_unavailable), 3);
  EXPECT_EQ(connack_code_v3(reason_code::server_busy), 3);
  EXPECT_EQ(connack_code_v3(reason_code::quota_exceeded), 3);
  EXPECT_EQ(connack_code_v3(reason_code::bad_user_name_or_password), 4);
  EXPECT_EQ(connack_code_v3(reason_code::not_authorized), 5);
  EXPECT_EQ(connack_code_v3(reason_code::malformed_packet), std::nullopt);
  EXPECT_EQ(connack_code_v3(reason_code::protocol_error), std::nullopt);
  EXPECT_EQ(connack_code_v3(reason_code::topic_name_invalid), std::nullopt);
}

}  // namespace
}  // namespace godwit::mqtt
