#include "rules.hpp"

#include <gmock/gmock.h>

namespace godwit::auth {
namespace {

using test::allow;
using test::bits;
using test::compiled;
using test::deny;
using test::strings;

constexpr auto reads = static_cast<std::uint8_t>(deed::subscribe);
constexpr auto writes = static_cast<std::uint8_t>(deed::publish);

const principal ann{"ann"};
const principal anonymous;

bool may(const rule_set& rules, const principal& who, action what, std::string_view topic) {
  return rules.check(who, "c", what, topic).allowed;
}
bool reads_topic(const rule_set& rules, const principal& who, std::string_view topic) {
  return may(rules, who, action::receive, topic);
}

principal with_facts(rare_facts facts, std::string user = "ann") {
  identity_parts p;
  p.user_name = std::move(user);
  p.facts = std::move(facts);
  p.has_facts = true;
  return make_principal(std::move(p));
}

// Battery 77: no rule is no permission.
TEST(RuleSet, DeniesWhatNoRuleAllows) {
  const rule_set none = compiled({});
  for (const action a : {action::publish, action::publish_retain, action::subscribe,
                         action::receive, action::will, action::will_retain}) {
    EXPECT_FALSE(may(none, ann, a, "a"));
    EXPECT_FALSE(may(none, anonymous, a, "a"));
  }
  EXPECT_STREQ(none.check(ann, "c", action::publish, "a").rule, "rules: no rule allows it");
}

TEST(RuleSet, TakesTheFirstRuleThatFitsAndNamesIt) {
  rule_options own = allow(every_deed, {"a/#"});
  own.users = {"ann"};
  const rule_set rules =
      compiled({deny(reads, {"a/secret"}), own, deny(every_deed, {"a/#"}), allow(reads, {"#"})});
  const decision d = rules.check(ann, "c", action::receive, "a/secret");
  EXPECT_FALSE(d.allowed);
  EXPECT_STREQ(d.rule, "rules:1");
  EXPECT_STREQ(rules.check(ann, "c", action::receive, "a/b").rule, "rules:2");
  EXPECT_STREQ(rules.check(anonymous, "c", action::receive, "a/b").rule, "rules:3");
  EXPECT_TRUE(reads_topic(rules, anonymous, "b"));
}

TEST(RuleSet, AsksForRetainAndWillApart) {
  const rule_set publish_only = compiled({allow(writes, {"#"})});
  EXPECT_TRUE(may(publish_only, ann, action::publish, "a"));
  EXPECT_FALSE(may(publish_only, ann, action::publish_retain, "a"));
  EXPECT_FALSE(may(publish_only, ann, action::will, "a"));
  EXPECT_FALSE(may(publish_only, ann, action::subscribe, "a"));
  const rule_set no_retain =
      compiled({deny(bits({deed::retain}), {"#"}), allow(every_deed, {"#"})});
  EXPECT_TRUE(may(no_retain, ann, action::publish, "a"));
  EXPECT_TRUE(may(no_retain, ann, action::will, "a"));
  EXPECT_FALSE(may(no_retain, ann, action::publish_retain, "a"));
  EXPECT_FALSE(may(no_retain, ann, action::will_retain, "a"));
  // Who may not publish may do so neither by a will nor with RETAIN.
  const rule_set no_publish = compiled({deny(writes, {"#"}), allow(every_deed, {"#"})});
  EXPECT_FALSE(may(no_publish, ann, action::publish_retain, "a"));
  EXPECT_FALSE(may(no_publish, ann, action::will, "a"));
}

// Batteries 84 and 86: a filter is judged as a filter, and then every message.
TEST(RuleSet, JudgesAFilterByAllThatItCanMatch) {
  const rule_set rules = compiled({deny(reads, {"secret/#"}), allow(reads, {"#"})});
  EXPECT_TRUE(may(rules, ann, action::subscribe, "#"));
  EXPECT_FALSE(may(rules, ann, action::subscribe, "secret/+"));
  EXPECT_FALSE(reads_topic(rules, ann, "secret/a"));
  EXPECT_TRUE(reads_topic(rules, ann, "open"));
  const rule_set narrow = compiled({allow(reads, {"a/b"})});
  EXPECT_FALSE(may(narrow, ann, action::subscribe, "#"));
  EXPECT_FALSE(may(narrow, ann, action::subscribe, "a/+"));
  EXPECT_TRUE(may(narrow, ann, action::subscribe, "a/b"));
}

// Battery 83
TEST(RuleSet, KeepsTheBrokersTreeOutOfWildcards) {
  const rule_set rules = compiled({allow(every_deed, {"#", "+/#"})});
  EXPECT_FALSE(may(rules, ann, action::subscribe, "$SYS/#"));
  EXPECT_FALSE(reads_topic(rules, ann, "$SYS/broker/uptime"));
  const rule_set all = compiled({allow(every_deed, {})});
  EXPECT_FALSE(may(all, ann, action::publish, "$SYS/x"));
  EXPECT_FALSE(may(all, ann, action::will, "$SYS"));
  EXPECT_TRUE(may(all, ann, action::subscribe, "$SYS/#"));
}

TEST(RuleSet, KnowsUsersGroupsAndClients) {
  rule_options by_user = allow(reads, {"user"});
  by_user.users = {"ann", "dev-*"};
  rule_options any_user = allow(reads, {"any"});
  any_user.users = {"*"};
  rule_options by_group = allow(reads, {"group"});
  by_group.groups = {"admins"};
  rule_options by_client = allow(reads, {"client"});
  by_client.client_ids = {"c", "d"};
  rule_options nobody = allow(reads, {"anonymous"});
  nobody.anonymous_only = true;
  const rule_set rules = compiled({by_user, any_user, by_group, by_client, nobody},
                                  {{.name = "admins", .users = {"ann"}, .line = 1}});
  EXPECT_TRUE(reads_topic(rules, ann, "user"));
  EXPECT_TRUE(reads_topic(rules, principal{"dev-7"}, "user"));
  EXPECT_FALSE(reads_topic(rules, principal{"ANN"}, "user"));
  EXPECT_FALSE(reads_topic(rules, anonymous, "user"));
  EXPECT_TRUE(reads_topic(rules, principal{"x"}, "any"));
  EXPECT_FALSE(reads_topic(rules, anonymous, "any"));
  EXPECT_TRUE(reads_topic(rules, ann, "group"));
  EXPECT_FALSE(reads_topic(rules, principal{"x"}, "group"));
  rare_facts token;
  token.groups = {"admins"};
  EXPECT_TRUE(reads_topic(rules, with_facts(std::move(token), "x"), "group"));
  EXPECT_TRUE(reads_topic(rules, anonymous, "client"));
  EXPECT_FALSE(rules.check(ann, "e", action::receive, "client").allowed);
  EXPECT_TRUE(reads_topic(rules, anonymous, "anonymous"));
  EXPECT_FALSE(reads_topic(rules, ann, "anonymous"));
}

TEST(RuleSet, KnowsAddressesListenersAndCertificates) {
  rule_options inside = allow(reads, {"inside"});
  inside.addresses = {"10.0.0.0/8", "fd00::/8"};
  rule_options listener = allow(reads, {"listener"});
  listener.listeners = {"local"};
  rule_options named = allow(reads, {"named"});
  named.common_names = {"pump-*"};
  rule_options subject = allow(reads, {"subject"});
  subject.subjects = {"CN=pump-1,O=plant"};
  rule_options alt = allow(reads, {"alt"});
  alt.alt_names = {"pump.example"};
  const rule_set rules = compiled({inside, listener, named, subject, alt});
  EXPECT_TRUE(rules.needed().address);
  EXPECT_TRUE(rules.needed().listener);
  EXPECT_FALSE(compiled({named}).needed().address);
  rare_facts f;
  f.address = base::parse_ip("10.200.3.4");
  f.listener = "local";
  f.certificate = certificate{"pump-1", "CN=pump-1,O=plant", {"other", "pump.example"}};
  const principal pump = with_facts(std::move(f));
  for (const char* topic : {"inside", "listener", "named", "subject", "alt"}) {
    EXPECT_TRUE(reads_topic(rules, pump, topic)) << topic;
    EXPECT_FALSE(reads_topic(rules, ann, topic)) << topic;
  }
  rare_facts g;
  g.address = base::parse_ip("11.0.0.1");
  g.certificate = certificate{"pumps", "CN=pump-1,O=plant,CN=x", {}};
  const principal other = with_facts(std::move(g));
  for (const char* topic : {"inside", "listener", "named", "subject", "alt"}) {
    EXPECT_FALSE(reads_topic(rules, other, topic)) << topic;
  }
}

TEST(RuleSet, LimitsTheQuality) {
  rule_options slow = allow(writes | reads, {"a"});
  slow.quality_max = mqtt::qos::at_most_once;
  const rule_set rules = compiled({slow, allow(every_deed, {"#"})});
  const decision d = rules.check(ann, "c", action::publish, "a");
  EXPECT_TRUE(d.permits(mqtt::qos::at_most_once));
  EXPECT_FALSE(d.permits(mqtt::qos::at_least_once));
  EXPECT_EQ(rules.check(ann, "c", action::subscribe, "a").quality_max, mqtt::qos::at_most_once);
  // The lower one of all questions counts.
  EXPECT_EQ(rules.check(ann, "c", action::publish_retain, "a").quality_max,
            mqtt::qos::at_most_once);
}

TEST(RuleSet, ALoginsOwnTopicsNarrowTheRules) {
  const auto granted = [] {
    granted_topics g;
    g.publish.push_back(*topic_pattern::parse("d/%u/up", topic_pattern::placeholders::substituted));
    g.subscribe.push_back(*topic_pattern::parse("d/#", topic_pattern::placeholders::substituted));
    rare_facts f;
    f.grants = std::make_unique<const granted_topics>(std::move(g));
    return with_facts(std::move(f));
  };
  const rule_set rules = compiled({deny(reads, {"d/secret"}), allow(every_deed, {"x/#"})});
  EXPECT_TRUE(may(rules, granted(), action::publish, "d/ann/up"));  // although no rule allows it
  EXPECT_FALSE(may(rules, granted(), action::publish, "d/bob/up"));
  EXPECT_FALSE(may(rules, granted(), action::publish, "x/y"));  // although a rule allows it
  EXPECT_TRUE(may(rules, granted(), action::subscribe, "d/#"));
  EXPECT_FALSE(reads_topic(rules, granted(), "d/secret"));
  EXPECT_FALSE(may(rules, granted(), action::subscribe, "#"));
}

/// What is not known is taken for what allows more, because nothing leaves before it is known.
TEST(RuleSet, DoesNotJudgeByWhatIsNotKnownYet) {
  rule_options inside = allow(reads, {"a"});
  inside.addresses = {"10.0.0.0/8"};
  inside.users = {"ann"};
  rule_options outside = deny(reads, {"b"});
  outside.groups = {"guests"};
  const rule_set rules = compiled({inside, outside, allow(reads, {"b"})});
  const principal restored{"ann", knowledge::name_only};
  EXPECT_TRUE(reads_topic(rules, restored, "a"));
  EXPECT_TRUE(reads_topic(rules, restored, "b"));
  EXPECT_FALSE(reads_topic(rules, restored, "c"));
  EXPECT_FALSE(reads_topic(rules, ann, "a"));
  EXPECT_FALSE(reads_topic(rules, principal{"bob", knowledge::name_only}, "a"));
  const principal somebody{{}, knowledge::nothing};
  EXPECT_TRUE(reads_topic(rules, somebody, "a"));
  EXPECT_FALSE(reads_topic(rules, somebody, "c"));
}

TEST(RuleSet, TellsAllThatIsWrongWithItsLine) {
  rule_options bad_topic = allow(reads, {"a/#/b"});
  bad_topic.line = 4;
  rule_options bad_address = allow(reads, {"a"});
  bad_address.addresses = {"10.0.0.300"};
  bad_address.line = 9;
  const auto made =
      rule_set::compile({.name = "r", .groups = {}, .rules = {bad_topic, bad_address}});
  ASSERT_FALSE(made.has_value());
  ASSERT_EQ(made.error().size(), 2U);
  EXPECT_EQ(made.error()[0].line, 4U);
  EXPECT_THAT(made.error()[0].what, testing::HasSubstr("a/#/b"));
  EXPECT_EQ(made.error()[1].line, 9U);
  EXPECT_THAT(made.error()[1].what, testing::HasSubstr("10.0.0.300"));
}

}  // namespace
}  // namespace godwit::auth
