#include <godwit/config/load.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> mistakes_in(std::string_view yaml) {
  std::vector<std::string> lines;
  for (const mistake& m : load_text(yaml).mistakes) lines.push_back(describe(m, "f"));
  return lines;
}

constexpr std::string_view passwords = "authentication: { password_file: /etc/godwit/users }\n";

TEST(Logins, OfferWhatIsSetUp) {
  const loaded out = load_text(std::string{passwords} + R"(
listeners:
  - {name: a, port: 1}
  - {name: b, port: 2, authentication: none}
  - {name: c, port: 3, authentication: "password, anonymous"}
)");
  ASSERT_THAT(out.mistakes, IsEmpty());
  const auto ways = [&](std::size_t i) { return out.value.methods_of(out.value.listeners[i]); };
  EXPECT_TRUE(ways(0).password);
  EXPECT_FALSE(ways(0).jwt || ways(0).certificate || ways(0).anonymous);
  EXPECT_TRUE(ways(1).is_open());
  EXPECT_TRUE(ways(2).password && ways(2).anonymous);
  EXPECT_TRUE(configuration{}.methods_of(listener{}).is_open());
}

TEST(Logins, NeedWhatTheyName) {
  EXPECT_THAT(mistakes_in("listeners:\n  - authentication: password, jwt\n"),
              ElementsAre(HasSubstr("f:2:5: listeners[0].authentication: password needs "
                                    "authentication.password_file")));
  EXPECT_THAT(mistakes_in("listeners:\n  - authentication: passwords\n"),
              ElementsAre(HasSubstr("is not ways to log in; default")));
  EXPECT_THAT(mistakes_in("listeners:\n  - authentication: anonymous\n"),
              ElementsAre(HasSubstr("is not ways to log in")));
}

// Batteries 82 and 89: nobody comes from elsewhere without a login unless that was asked for.
TEST(Logins, MakeAListenerBeyondLoopbackRight) {
  const std::string remote = "listeners:\n  - bind: 0.0.0.0\n";
  EXPECT_THAT(mistakes_in(remote), ElementsAre(HasSubstr("allow_anonymous_remote")));
  EXPECT_THAT(mistakes_in(std::string{passwords} + remote), IsEmpty());
  EXPECT_THAT(mistakes_in(std::string{passwords} + remote + "    authentication: none\n"),
              ElementsAre(HasSubstr("allow_anonymous_remote")));
  EXPECT_THAT(
      mistakes_in(std::string{passwords} + remote + "    authentication: password anonymous\n"),
      ElementsAre(HasSubstr("allow_anonymous_remote")));
}

TEST(Logins, RightsAreInOneFile) {
  EXPECT_THAT(
      mistakes_in("authorization:\n  rule_file: /etc/rules\n  mosquitto_acl_file: /etc/acl\n"),
      ElementsAre(HasSubstr("f:3:3: authorization.mosquitto_acl_file: there is a rule_file")));
}

}  // namespace
}  // namespace godwit::config
