#include <godwit/mqtt/reason_code.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace godwit::mqtt {
namespace {

TEST(ReasonCode, HasFortyThreeValuesWithNames) {
  std::set<std::string> names;
  int known = 0;
  for (unsigned value = 0; value < 256; ++value) {
    const std::string text = name(static_cast<reason_code>(value));
    const bool is = is_known(static_cast<std::uint8_t>(value));
    EXPECT_EQ(text != "unknown", is) << value;
    if (!is) continue;
    ++known;
    names.insert(text);
  }
  EXPECT_EQ(known, 43);
  EXPECT_EQ(names.size(), 43U);
}

TEST(ReasonCode, NamesAreThoseOfTheCode) {
  EXPECT_STREQ(name(reason_code::success), "success");
  EXPECT_STREQ(name(reason_code::topic_alias_invalid), "topic_alias_invalid");
  EXPECT_STREQ(name(static_cast<reason_code>(0xFF)), "unknown");
}

TEST(ReasonCode, FailsFrom0x80On) {
  EXPECT_FALSE(is_failure(reason_code::re_authenticate));
  EXPECT_TRUE(is_failure(reason_code::unspecified_error));
}

TEST(ReasonCode, UnknownValuesAreAllowedNowhere) {
  for (unsigned type = 1; type < 16; ++type) {
    for (const sender from : {sender::client, sender::server}) {
      EXPECT_FALSE(
          is_allowed(static_cast<reason_code>(0x03), static_cast<packet_type>(type), from));
    }
  }
}

}  // namespace
}  // namespace godwit::mqtt
