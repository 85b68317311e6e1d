#include <godwit/config/rules.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using auth::deed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> mistakes_in(std::string_view yaml) {
  std::vector<std::string> lines;
  for (const mistake& m : load_rules(yaml, "r").mistakes) lines.push_back(describe(m, "r"));
  return lines;
}

TEST(Rules, ReadsAllKeys) {
  const loaded_rules out = load_rules(R"(groups:
  admins: [ann, bob]
  empty:
rules:
  - deny: [publish, will]
    topic: secret/#
  - allow: all
    user: ann
    group: [admins, staff]
    client: [a, b*]
    listener: local
    common_name: pump
    subject: CN=pump
    alt_name: pump.example
    address: [10.0.0.0/8]
    topic: [a/%u, "b/#"]
    qos: 1
  - {allow: [read, retain], anonymous: true}
)",
                                      "rules.yaml");
  ASSERT_THAT(out.mistakes, IsEmpty());
  EXPECT_EQ(out.value.name, "rules.yaml");
  ASSERT_THAT(out.value.groups, SizeIs(2));
  EXPECT_EQ(out.value.groups[0].name, "admins");
  EXPECT_THAT(out.value.groups[0].users, ElementsAre("ann", "bob"));
  EXPECT_THAT(out.value.groups[1].users, IsEmpty());
  ASSERT_THAT(out.value.rules, SizeIs(3));
  const auto& r = out.value.rules;
  EXPECT_EQ(r[0].decides, auth::effect::deny);
  EXPECT_EQ(r[0].line, 5U);
  EXPECT_EQ(r[0].deeds, static_cast<unsigned>(deed::publish) | static_cast<unsigned>(deed::will));
  EXPECT_EQ(r[1].decides, auth::effect::allow);
  EXPECT_EQ(r[1].line, 7U);
  EXPECT_EQ(r[1].deeds, auth::every_deed);
  EXPECT_THAT(r[1].users, ElementsAre("ann"));
  EXPECT_THAT(r[1].groups, ElementsAre("admins", "staff"));
  EXPECT_THAT(r[1].client_ids, ElementsAre("a", "b*"));
  EXPECT_THAT(r[1].listeners, ElementsAre("local"));
  EXPECT_THAT(r[1].common_names, ElementsAre("pump"));
  EXPECT_THAT(r[1].subjects, ElementsAre("CN=pump"));
  EXPECT_THAT(r[1].alt_names, ElementsAre("pump.example"));
  EXPECT_THAT(r[1].addresses, ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(r[1].topics, ElementsAre("a/%u", "b/#"));
  EXPECT_EQ(r[1].quality_max, mqtt::qos::at_least_once);
  EXPECT_TRUE(r[2].anonymous_only);
  EXPECT_EQ(r[2].deeds,
            static_cast<unsigned>(deed::subscribe) | static_cast<unsigned>(deed::retain));
}

// Battery 77: an empty file is one without rules, which allows nothing.
TEST(Rules, AnEmptyFileHasNoRules) {
  for (const char* text : {"", "# nothing\n", "rules:\n", "rules: []\n", "groups: {}\n"}) {
    const loaded_rules out = load_rules(text, "r");
    EXPECT_THAT(out.mistakes, IsEmpty()) << text;
    EXPECT_THAT(out.value.rules, IsEmpty()) << text;
  }
}

TEST(Rules, TellsWhereAndWhatIsWrong) {
  EXPECT_THAT(mistakes_in("rules:\n  - alow: all\n"),
              ElementsAre(HasSubstr("r:2:5: alow: there is no such key; did you mean \"allow\"?"),
                          HasSubstr("r:2:5: a rule has either")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    deny: all\n"),
              ElementsAre(HasSubstr("either \"allow\" or \"deny\"")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: reed\n"),
              ElementsAre(HasSubstr("r:2:12: allow: \"reed\" is not one of publish, retain")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    topic: []\n"),
              ElementsAre(HasSubstr("topic: takes a text or a list of texts, not none")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    topic:\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    topic: a\n    topic: b\n"),
              ElementsAre(HasSubstr("r:4:5: \"topic\" is given twice")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    qos: 3\n"),
              ElementsAre(HasSubstr("r:3:10: qos: is the highest QoS")));
  EXPECT_THAT(mistakes_in("rules:\n  - allow: all\n    anonymous: no\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("rules: all\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("rules:\n  - all\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("rule:\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("a\n"), SizeIs(1));
  EXPECT_THAT(mistakes_in("rules: [\n"), ElementsAre(HasSubstr("not YAML")));
  EXPECT_THAT(mistakes_in("rules:\n---\nrules:\n"), SizeIs(1));
}

}  // namespace
}  // namespace godwit::config
