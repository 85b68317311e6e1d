#include "rules.hpp"

#include <godwit/auth/mosquitto_acl.hpp>

namespace godwit::auth {
namespace {

rule_set read(std::string_view text) {
  const auto parsed = parse_mosquitto_acl(text, "acl");
  EXPECT_TRUE(parsed.has_value());
  auto made = rule_set::compile(*parsed);
  EXPECT_TRUE(made.has_value());
  return *std::move(made);
}

std::string deciding(const rule_set& rules, std::string_view user, action what,
                     std::string_view topic) {
  const decision d = rules.check(principal{user}, "c1", what, topic);
  return (d.allowed ? "yes " : "no ") + std::string{d.rule};
}

constexpr std::string_view example = R"(# anonymous
topic read open/#

user ann
topic a/#
topic deny a/secret
topic write w a/x
topic read
user bob
topic readwrite b

pattern read u/%u/#
pattern deny u/%u/no
pattern write c/%c
)";

TEST(MosquittoAcl, IsReadAsMosquittoDoes) {
  const rule_set rules = read(example);
  EXPECT_EQ(deciding(rules, "", action::receive, "open/x"), "yes acl:2");
  EXPECT_EQ(deciding(rules, "ann", action::receive, "open/x"), "no acl: no rule allows it");
  EXPECT_EQ(deciding(rules, "ann", action::publish_retain, "a/b"), "yes acl:5");
  // Denials come first wherever they stand.
  EXPECT_EQ(deciding(rules, "ann", action::receive, "a/secret"), "no acl:6");
  EXPECT_EQ(deciding(rules, "ann", action::will, "w a/x"), "yes acl:7");
  EXPECT_EQ(deciding(rules, "ann", action::receive, "w a/x"), "no acl: no rule allows it");
  EXPECT_EQ(deciding(rules, "ann", action::publish, "read"), "yes acl:8");
  EXPECT_EQ(deciding(rules, "bob", action::subscribe, "b"), "yes acl:10");
  EXPECT_EQ(deciding(rules, "ann", action::receive, "u/ann/x"), "yes acl:12");
  EXPECT_EQ(deciding(rules, "ann", action::receive, "u/ann/no"), "no acl:13");
  EXPECT_EQ(deciding(rules, "", action::receive, "u/x/no"), "no acl:13");
  EXPECT_EQ(deciding(rules, "ann", action::publish, "c/c1"), "yes acl:14");
}

TEST(MosquittoAcl, TopicLinesAreNotPatterns) {
  const rule_set rules = read("user ann\ntopic a/%u\n");
  EXPECT_EQ(deciding(rules, "ann", action::publish, "a/%u"), "yes acl:2");
  EXPECT_EQ(deciding(rules, "ann", action::publish, "a/ann"), "no acl: no rule allows it");
}

// Battery 77
TEST(MosquittoAcl, AnEmptyFileDeniesAll) {
  for (const char* text : {"", "\n", "# only\n  \n"}) {
    EXPECT_FALSE(read(text).check(principal{"ann"}, "c", action::publish, "a").allowed);
  }
}

TEST(MosquittoAcl, TellsWrongLines) {
  const auto parsed = parse_mosquitto_acl("user\ntopic\nTopic a\npattern deny\n", "acl");
  ASSERT_FALSE(parsed.has_value());
  ASSERT_EQ(parsed.error().size(), 3U);
  EXPECT_EQ(parsed.error()[0].line, 1U);
  EXPECT_EQ(parsed.error()[1].line, 2U);
  EXPECT_EQ(parsed.error()[2].line, 3U);  // "deny" is a filter here
}

}  // namespace
}  // namespace godwit::auth
