#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>

#include <gtest/gtest.h>

namespace godwit::auth {
namespace {

TEST(AnonymousAuthenticator, LetsEverybodyInUnderTheNameTheyGive) {
  anonymous_authenticator door;
  std::vector<verdict> verdicts;
  const auto keep = [&](verdict v) { verdicts.push_back(std::move(v)); };
  credentials c;
  c.client_id = "a";
  door.authenticate(c, keep);
  c.user_name = "ann";
  door.authenticate(c, keep);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].code, mqtt::reason_code::success);
  EXPECT_EQ(verdicts[0].who.user_name(), "");
  EXPECT_EQ(verdicts[1].code, mqtt::reason_code::success);
  EXPECT_EQ(verdicts[1].who.user_name(), "ann");
}

bool allowed(action what, std::string_view topic) {
  return open_authorizer{}.check({}, "client", what, topic).allowed;
}

TEST(OpenAuthorizer, AllowsWhatIsNotTheBrokers) {
  for (const action what : {action::publish, action::publish_retain, action::subscribe,
                            action::receive, action::will}) {
    EXPECT_TRUE(allowed(what, "a/b"));
    EXPECT_TRUE(allowed(what, "$SYSTEM/a"));
    EXPECT_TRUE(allowed(what, "$other"));
    EXPECT_TRUE(allowed(what, "a/$SYS"));
  }
}

TEST(OpenAuthorizer, KeepsTheSysTreeForTheBroker) {
  for (const char* topic : {"$SYS", "$SYS/", "$SYS/broker/uptime"}) {
    EXPECT_FALSE(allowed(action::publish, topic)) << topic;
    EXPECT_FALSE(allowed(action::publish_retain, topic)) << topic;
    EXPECT_FALSE(allowed(action::will, topic)) << topic;
    EXPECT_TRUE(allowed(action::subscribe, topic)) << topic;
    EXPECT_TRUE(allowed(action::receive, topic)) << topic;
  }
}

TEST(OpenAuthorizer, NamesItsRule) {
  EXPECT_STRNE(open_authorizer{}.check({}, "c", action::publish, "$SYS/x").rule, "");
}

}  // namespace
}  // namespace godwit::auth
