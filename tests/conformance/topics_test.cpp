#include "conformance/broker_test.hpp"

namespace godwit::conformance {
namespace {

/// What topic names and filters may be, and what matches what.
class Topics : public broker_test {
 protected:
  /// Which of the topics a subscription of this filter gets.
  texts matching(const std::string& filter, const std::vector<std::string>& topics) {
    auto p = listen("matcher", filter);
    auto sender = join("sender");
    for (const auto& topic : topics) sender.send(publish{.topic = topic, .payload = {}}.bytes());
    texts out;
    for (const auto& m : p.packets()) out.push_back(m.topic());
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Topics, both_versions, name_of);

TEST_P(Topics, HaveNumberSignsAtTheEndOnly) {
  clause("v311 MQTT-4.7.1-2");
  clause("v31 M31-topic-3");
  std::vector<bad_input> inputs;
  for (const char* filter : {"a#", "a/#/b", "#/a", "##", "#/", "/#/", "a/#b", "a/b#", "+#"}) {
    inputs.push_back({filter, subscribe(1, {{filter, 0}})});
    inputs.push_back({std::string{"good and "} + filter, subscribe(1, {{"a", 0}, {filter, 0}})});
  }
  expect_violations(inputs);
  EXPECT_EQ(matching("#", {"a", "a/b", "/"}), (texts{"a", "a/b", "/"}));
  EXPECT_EQ(matching("a/#", {"a", "a/b", "a/b/c", "a/", "ab", "b/a", "A/b"}),
            (texts{"a", "a/b", "a/b/c", "a/"}));
  EXPECT_EQ(matching("/#", {"/", "/a", "a", "//"}), (texts{"/", "/a", "//"}));
  EXPECT_EQ(matching("+/b/#", {"a/b", "a/b/c", "/b", "b"}), (texts{"a/b", "a/b/c", "/b"}));
}

TEST_P(Topics, HavePlusSignsAsWholeLevelsOnly) {
  clause("v311 MQTT-4.7.1-3");
  clause("v31 M31-topic-4");
  std::vector<bad_input> inputs;
  for (const char* filter : {"a+", "+a", "a/+b", "a/b+/c", "++", "+/a+", "a/++/b"}) {
    inputs.push_back({filter, subscribe(1, {{filter, 0}})});
  }
  expect_violations(inputs);
  EXPECT_EQ(matching("+", {"a", "a/b", "/a", "b"}), (texts{"a", "b"}));
  EXPECT_EQ(matching("+/a", {"b/a", "/a", "a", "b/b/a"}), (texts{"b/a", "/a"}));
  EXPECT_EQ(matching("a/+/b", {"a/c/b", "a//b", "a/b", "a/c/c/b"}), (texts{"a/c/b", "a//b"}));
  EXPECT_EQ(matching("a/+", {"a/b", "a/", "a", "a/b/c"}), (texts{"a/b", "a/"}));
  EXPECT_EQ(matching("/+", {"/a", "/", "a", "//"}), (texts{"/a", "/"}));
}

TEST_P(Topics, HaveLevelsThatMayBeEmpty) {
  clause("v311 MQTT-4.7.1-3");
  clause("v31 M31-topic-5");
  EXPECT_EQ(matching("+/+", {"/finance", "finance", "a/b"}), (texts{"/finance", "a/b"}));
  EXPECT_EQ(matching("/+", {"/finance"}), texts{"/finance"});
  EXPECT_EQ(matching("+", {"/finance", "finance"}), texts{"finance"});
  EXPECT_EQ(matching("/", {"/", "//", "a"}), texts{"/"});
  EXPECT_EQ(matching("a//b", {"a//b", "a/b"}), texts{"a//b"});
}

TEST_P(Topics, AreCaseSensitiveAndMayHaveSpaces) {
  clause("v31 M31-topic-5");
  clause("v311 MQTT-4.7.3-4");
  EXPECT_EQ(matching("Accounts", {"ACCOUNTS", "Accounts", "accounts", "Accounts "}),
            texts{"Accounts"});
  EXPECT_EQ(matching("Accounts payable", {"Accounts payable", "Accounts  payable"}),
            texts{"Accounts payable"});
  EXPECT_EQ(matching(" a/+", {" a/b", "a/b"}), texts{" a/b"});
}

TEST_P(Topics, ThatBeginWithADollarAreNotMatchedByLeadingWildcards) {
  clause("v311 MQTT-4.7.2-1");
  clause("v31 M31-topic-7");
  const std::vector<std::string> topics{"$own/a", "a/$own", "$own"};
  EXPECT_EQ(matching("#", topics), texts{"a/$own"});
  EXPECT_EQ(matching("+/a", topics), texts{});
  EXPECT_EQ(matching("+", topics), texts{});
  EXPECT_EQ(matching("+/#", topics), texts{"a/$own"});
  EXPECT_EQ(matching("$own/#", topics), (texts{"$own/a", "$own"}));
  EXPECT_EQ(matching("$own/+", topics), texts{"$own/a"});
  EXPECT_EQ(matching("a/+", topics), texts{"a/$own"});
}

TEST_P(Topics, OfTheBrokerItselfAreHiddenFromWildcards) {
  clause("v311 MQTT-4.7.2-1");
  clause("v31 M31-topic-7");
  options.sys_interval = seconds{10};
  auto all = listen("all", "#");
  auto plus = listen("plus", "+/broker/#");
  auto named = listen("named", "$SYS/broker/version");
  pass(seconds{30});
  all.expect_silence();
  plus.expect_silence();
  EXPECT_FALSE(named.messages().empty());
  for (const auto& text : retained("#")) ADD_FAILURE() << text;
}

TEST_P(Topics, HaveAtLeastOneCharacter) {
  clause("v311 MQTT-4.7.3-1");
  clause("v31 M31-topic-1");
  expect_violations({{"PUBLISH", hex("30 02 00 00")},
                     {"PUBLISH with payload", publish{.topic = {}, .qos = 1}.bytes()},
                     {"SUBSCRIBE", subscribe(1, {{"", 0}})},
                     {"SUBSCRIBE behind a good one", subscribe(1, {{"a", 0}, {"", 0}})},
                     {"UNSUBSCRIBE", unsubscribe(1, {""})}});
  auto c = hello("c");
  c.will = {.topic = ""};
  expect_refused_silently({{"will topic", c.bytes()}});
}

TEST_P(Topics, HaveNoNul) {
  clause("v311 MQTT-4.7.3-2");
  clause("v311 MQTT-1.5.3-2");
  clause("v31 M31-topic-6");
  const std::string nul{"a\0b", 3};
  expect_violations({{"PUBLISH", publish{.topic = nul}.bytes()},
                     {"PUBLISH, nothing else", publish{.topic = nul.substr(1, 1)}.bytes()},
                     {"SUBSCRIBE", subscribe(1, {{nul, 0}})},
                     {"UNSUBSCRIBE", unsubscribe(1, {nul})}});
  auto c = hello("c");
  c.will = {.topic = nul};
  expect_refused_silently({{"will topic", c.bytes()}, {"client id", hello(nul).bytes()}});
}

TEST_P(Topics, MayHave65535Bytes) {
  clause("v311 MQTT-4.7.3-3");
  clause("v31 M31-topic-2");
  for (const std::size_t size : {std::size_t{32'767}, std::size_t{65'535}}) {
    const std::string topic(size, 't');
    auto p = listen("c", topic, 1);
    put({.topic = topic, .qos = 1});
    EXPECT_EQ(p.drain(), texts{topic + "=x"});
  }
}

TEST_P(Topics, LongerThanTheLimitEndTheConnection) {
  clause("v31 M31-topic-2");
  options.limits.topic_bytes_max = 100;
  put({.topic = std::string(100, 't')});
  expect_violations({{"PUBLISH", publish{.topic = std::string(101, 't')}.bytes()}});
}

TEST_P(Topics, AreComparedByteByByte) {
  clause("v311 MQTT-4.7.3-4");
  const auto composed = hex("C3 A9");
  const auto decomposed = hex("65 CC 81");
  EXPECT_EQ(matching(composed, {composed, decomposed}), texts{composed});
  EXPECT_EQ(matching(decomposed + "/#", {composed, decomposed}), texts{decomposed});
  EXPECT_EQ(matching("+", {composed, decomposed}), (texts{composed, decomposed}));
}

TEST_P(Topics, KeepTheByteOrderMark) {
  clause("v311 MQTT-1.5.3-3");
  const auto mark = hex("EF BB BF");
  EXPECT_EQ(matching(mark + "t", {mark + "t", "t"}), texts{mark + "t"});
  EXPECT_EQ(matching("t", {mark + "t", "t"}), texts{"t"});
  EXPECT_EQ(matching("+", {mark, "t" + mark}), (texts{mark, "t" + mark}));
}

TEST_P(Topics, AreOfUtf8AsTheStandardMeansIt) {
  clause("v311 MQTT-1.5.3-1");
  for (const char* bytes : {"7F", "C2 80", "DF BF", "E0 A0 80", "ED 9F BF", "EE 80 80", "EF BF BF",
                            "F0 90 80 80", "F4 8F BF BF", "01"}) {
    EXPECT_EQ(matching(hex(bytes), {hex(bytes)}), texts{hex(bytes)}) << bytes;
  }
  std::vector<bad_input> inputs;
  for (const char* bytes : {"ED A0 80", "ED BF BF", "C0 80", "C1 BF", "E0 9F BF", "F0 8F BF BF",
                            "F4 90 80 80", "F5 80 80 80", "FE", "C3", "E2 82", "80", "C3 28"}) {
    inputs.push_back({bytes, publish{.topic = hex(bytes)}.bytes()});
    inputs.push_back({bytes, subscribe(1, {{hex(bytes), 0}})});
  }
  expect_violations(inputs);
}

}  // namespace
}  // namespace godwit::conformance
