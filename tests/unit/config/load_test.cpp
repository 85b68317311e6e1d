#include <godwit/config/differences.hpp>
#include <godwit/config/load.hpp>
#include <godwit/config/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The lines that people see.
std::vector<std::string> mistakes_in(std::string_view yaml) {
  std::vector<std::string> lines;
  for (const mistake& m : load_text(yaml).mistakes) lines.push_back(describe(m, "f"));
  return lines;
}

TEST(Load, AnEmptyFileMeansTheDefaults) {
  for (const char* nothing :
       {"", "\n", "# only a comment\n", "---\n", "session:\n  # expiry: 1d\n"}) {
    const loaded out = load_text(nothing);
    EXPECT_THAT(mistakes_in(nothing), IsEmpty()) << nothing;
    EXPECT_EQ(out.value.listeners.size(), 2U);
    EXPECT_EQ(out.value.broker.limits.inflight_max, 100U);
  }
}

TEST(Load, FillsTheOptionsOfEveryModule) {
  const loaded out = load_text(R"(
listeners:
  - name: phones
    bind: 0.0.0.0
    port: 8883
    connections_max: 500
    backlog: 64
    allow_anonymous_remote: true
  - {port: 0, bind: "::1", optional: true}
shards: 4
connections_max: 1000
connection: { connect_timeout: 2s, packet_bytes_max: 1MiB, keep_alive_max: 20m }
session:
  expiry: 0
  owner_check: false
  queue: { bytes_max: 1GiB, overflow: drop-newest }
  slow_subscriber: { hold_max: 250ms }
protocol: { mqtt31: { client_id_chars_max: 23, retry: { first: 20s, factor: 1.5 } } }
sys: { interval: 0s }
tuning: { mail_credit: 1, stop_max: 1s }
log: { level: debug, format: json, destination: /var/log/godwit.log }
)");
  EXPECT_THAT(out.mistakes, IsEmpty());
  const configuration& c = out.value;
  ASSERT_THAT(c.listeners, SizeIs(2));
  EXPECT_EQ(c.listeners[0].options.name, "phones");
  EXPECT_EQ(c.listeners[0].options.bind, "0.0.0.0");
  EXPECT_EQ(c.listeners[0].options.port, 8'883);
  EXPECT_EQ(c.listeners[0].options.connections_max, 500U);
  EXPECT_EQ(c.listeners[0].options.backlog, 64);
  EXPECT_EQ(c.listeners[1].options.bind, "::1");
  EXPECT_TRUE(c.listeners[1].options.optional);
  EXPECT_EQ(c.shards, 4U);
  EXPECT_EQ(c.connections_max, 1'000U);
  const session::limits& l = c.broker.limits;
  EXPECT_EQ(l.connect_timeout, std::chrono::seconds(2));
  EXPECT_EQ(l.packet_bytes_max, 1'048'576U);
  EXPECT_EQ(l.keep_alive_max_s, 1'200);
  EXPECT_EQ(l.session_expiry, std::chrono::seconds(0));
  EXPECT_FALSE(l.session_owner_check);
  EXPECT_EQ(l.queue_bytes_max, 1ULL << 30U);
  EXPECT_EQ(l.queue_overflow, session::overflow_policy::drop_newest);
  EXPECT_EQ(l.slow_hold_max, std::chrono::milliseconds(250));
  EXPECT_EQ(l.mqtt31_client_id_chars_max, 23);
  EXPECT_EQ(l.mqtt31_retry_first, std::chrono::seconds(20));
  EXPECT_DOUBLE_EQ(l.mqtt31_retry_factor, 1.5);
  EXPECT_EQ(c.broker.sys_interval, std::chrono::seconds(0));
  EXPECT_EQ(c.broker.mail_credit, 1U);
  EXPECT_EQ(c.log.level, observe::log_level::debug);
  EXPECT_EQ(c.log.format, observe::log_format::json);
  EXPECT_EQ(c.log.file, "/var/log/godwit.log");
  EXPECT_EQ(c.net.stop_max, std::chrono::seconds(1));
}

TEST(Load, NamesLineColumnKeyMistakeAndRemedy) {
  EXPECT_THAT(mistakes_in("connection:\n  packet_bytes_max: lots\n"),
              ElementsAre("f:2:21: connection.packet_bytes_max: \"lots\" is not a size; write a "
                          "number with a unit, such as 16MiB"));
}

TEST(Load, TellsAllMistakesOfAFileInItsOrder) {
  EXPECT_THAT(mistakes_in("shards: many\nsession:\n  expirey: 1d\n  inflight_max: 0\n"
                          "listeners:\n  - bind: 0.0.0.0\nlog: { level: loud }\n"),
              ElementsAre(HasSubstr("f:1:9: shards: \"many\" is not a whole number"),
                          HasSubstr("f:3:3: session.expirey: there is no such key; did you mean "
                                    "\"expiry\"?"),
                          HasSubstr("f:4:17: session.inflight_max: \"0\" is out of range"),
                          HasSubstr("f:6:5: listeners[0].bind: \"0.0.0.0\" can be reached"),
                          HasSubstr("f:7:15: log.level: \"loud\" is not one of")));
}

TEST(Load, LeadsFromAnUnknownKeyToTheRightOne) {
  EXPECT_THAT(mistakes_in("sesion: {}\n"), ElementsAre(HasSubstr("did you mean \"session\"?")));
  EXPECT_THAT(mistakes_in("listener: []\n"), ElementsAre(HasSubstr("mean \"listeners\"?")));
  EXPECT_THAT(mistakes_in("session: { overflow: disconnect }\n"),
              ElementsAre(HasSubstr("did you mean \"session.queue.overflow\"?")));
  EXPECT_THAT(mistakes_in("session.expiry: 1d\n"), ElementsAre(HasSubstr("one level per line")));
  EXPECT_THAT(mistakes_in("log: { zzz: 1 }\n"),
              ElementsAre(HasSubstr("keys here are level, format and destination")));
  EXPECT_THAT(mistakes_in("listeners: [ { prot: 1 } ]\n"),
              ElementsAre(HasSubstr("f:1:16: listeners[0].prot: there is no such key; did you mean "
                                    "\"port\"?")));
}

TEST(Load, RefusesAKeyGivenTwice) {
  EXPECT_THAT(mistakes_in("shards: 1\nshards: 2\n"),
              ElementsAre("f:2:1: shards: given twice; first in line 1"));
  EXPECT_THAT(mistakes_in("session:\n  expiry: 1d\nlog: {}\nsession:\n  expiry: 2d\n"),
              ElementsAre("f:4:1: session: given twice; first in line 1"));
  EXPECT_THAT(mistakes_in("listeners:\n  - port: 1\n    port: 2\n"),
              ElementsAre("f:3:5: listeners[0].port: given twice; first in line 2"));
}

TEST(Load, TellsWhereTextStopsBeingYaml) {
  EXPECT_THAT(mistakes_in("shards: 1\nsession: [1, 2\n"),
              ElementsAre(HasSubstr("this is not YAML")));
  EXPECT_THAT(mistakes_in("a:\n\tb: 1\n"), ElementsAre(HasSubstr("f:2:3: this is not YAML")));
  EXPECT_THAT(mistakes_in("shards: 1\n---\nshards: 2\n"),
              ElementsAre(HasSubstr("f:2:1: a configuration is one document")));
  EXPECT_THAT(mistakes_in("- a\n- b\n"), ElementsAre(HasSubstr("not a list of keys")));
  EXPECT_THAT(mistakes_in("{[a]: 1}\n"), ElementsAre(HasSubstr("a key must be a plain word")));
}

TEST(Load, TellsAValueFromASection) {
  EXPECT_THAT(mistakes_in("session: 5\n"), ElementsAre(HasSubstr("holds keys, such as expiry")));
  EXPECT_THAT(mistakes_in("shards: { a: 1 }\n"), ElementsAre(HasSubstr("takes one value")));
  EXPECT_THAT(mistakes_in("session: { expiry: }\n"),
              ElementsAre(HasSubstr("session.expiry: has no value; its default is 14d")));
  EXPECT_THAT(mistakes_in("listeners: 5\n"), ElementsAre(HasSubstr("is not a list")));
  EXPECT_THAT(mistakes_in("listeners: []\n"), ElementsAre(HasSubstr("is not a list")));
  EXPECT_THAT(mistakes_in("listeners: [ 1883 ]\n"), ElementsAre(HasSubstr("is not a listener")));
}

TEST(Load, OpensNothingBeyondLoopbackUnlessAskedByName) {
  for (const char* remote :
       {"0.0.0.0", "\"*\"", "192.168.1.2", "\"::\"", "\"2001:db8::1\"", "\"::ffff:10.0.0.1\""}) {
    const std::string listener = "listeners:\n  - bind: " + std::string(remote) + "\n";
    EXPECT_THAT(mistakes_in(listener), ElementsAre(HasSubstr("allow_anonymous_remote: true")));
    EXPECT_THAT(mistakes_in(listener + "    allow_anonymous_remote: true\n"), IsEmpty());
  }
  for (const char* local :
       {"localhost", "127.0.0.1", "127.8.9.10", "\"::1\"", "\"::ffff:127.0.0.1\""}) {
    EXPECT_THAT(mistakes_in("listeners:\n  - bind: " + std::string(local) + "\n"), IsEmpty());
  }
}

TEST(Load, WantsAddressesNotNames) {
  for (const char* odd : {"broker.example", "127.0.0.1:1883", "\"[::1]\"", "127.1", "\"\""}) {
    EXPECT_THAT(mistakes_in("listeners:\n  - bind: " + std::string(odd) + "\n"),
                ElementsAre(HasSubstr("is not an IP address or a path; localhost")));
  }
}

TEST(Load, RefusesListenersThatCollide) {
  EXPECT_THAT(
      mistakes_in("listeners:\n  - {name: a}\n  - {name: b}\n"),
      ElementsAre(HasSubstr("f:3:5: listeners[1].port: another listener has this address")));
  EXPECT_THAT(mistakes_in("listeners:\n  - {port: 1}\n  - {port: 2}\n"),
              ElementsAre(HasSubstr("listeners[1].name: \"default\" names another listener")));
  EXPECT_THAT(mistakes_in("listeners:\n  - {name: a, port: 0}\n  - {name: b, port: 0}\n"),
              IsEmpty());
}

TEST(Load, QuotedValuesAndJsonMeanTheSame) {
  const loaded out = load_text(R"({"shards": "2", "session": {"expiry": "1d"}})");
  EXPECT_THAT(out.mistakes, IsEmpty());
  EXPECT_EQ(out.value.shards, 2U);
  EXPECT_EQ(out.value.broker.limits.session_expiry, std::chrono::hours(24));
}

TEST(Load, LogsToAFullPathOfPrintableCharacters) {
  EXPECT_EQ(load_text("log: { destination: \"/tmp/Z\u00fcrich.log\" }\n").value.log.file,
            "/tmp/Z\xc3\xbcrich.log");
  for (const char* odd : {"godwit.log", "\"\"", "\"/tmp/a\\nb\"", "\"/tmp/a\\0\"", "STDERR"}) {
    EXPECT_THAT(mistakes_in("log: { destination: " + std::string(odd) + " }\n"),
                ElementsAre(HasSubstr("is neither stderr nor a file's full path")));
  }
}

TEST(Load, RemembersWhereEachKeyStands) {
  const loaded out = load_text("session:\n  queue:\n    age_max: 1d\n");
  ASSERT_TRUE(out.origins.contains("session.queue.age_max"));
  EXPECT_EQ(out.origins.at("session.queue.age_max").line, 3U);
  EXPECT_EQ(out.origins.at("session.queue.age_max").column, 5U);
}

TEST(Load, EscapesWhatTheFileSays) {
  EXPECT_THAT(mistakes_in("\"a\\e[31m\\nb\": 1\n"), ElementsAre(HasSubstr("a\\x1b[31m\\x0ab")));
}

TEST(Load, SurvivesHostileYaml) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += last + ",";
    bomb += last + "]\n";
  }
  EXPECT_THAT(load_text(bomb).mistakes, SizeIs(12));
  EXPECT_THAT(load_text(", a").mistakes, SizeIs(1));  // endless documents to yaml-cpp's LoadAll
  EXPECT_THAT(load_text(std::string(100'000, '[')).mistakes, SizeIs(1));
  EXPECT_THAT(load_text(std::string(100'000, '{')).mistakes, SizeIs(1));
  EXPECT_THAT(load_text(std::string_view("\0\0\xff", 3)).mistakes, SizeIs(1));
}

TEST(Load, AFileThatIsMissingIsAMistake) {
  EXPECT_THAT(load_file("/nonexistent/godwit.yaml").mistakes, SizeIs(1));
  EXPECT_EQ(describe(load_file("/nonexistent/g.yaml").mistakes.at(0), "/nonexistent/g.yaml"),
            "/nonexistent/g.yaml: cannot be opened: No such file or directory");
  EXPECT_THAT(load_file("/").mistakes, SizeIs(1));
  EXPECT_THAT(load_file("/dev/zero").mistakes.at(0).what, HasSubstr("longer than 1MiB"));
}

TEST(Load, TakesListsInBothForms) {
  const loaded one =
      load_text("listeners: [ { deny: [ 10.0.0.0/8, \"::1\" ], versions: 3.1.1 } ]\n");
  const loaded other =
      load_text("listeners: [ { deny: \"10.0.0.0/8, ::1\", versions: [ 3.1.1 ] } ]\n");
  EXPECT_THAT(one.mistakes, IsEmpty());
  EXPECT_THAT(differences(one.value, other.value), IsEmpty());
  EXPECT_THAT(one.value.listeners[0].options.deny, ElementsAre("10.0.0.0/8", "::1"));
  const broker::version_set& versions = one.value.listeners[0].options.versions;
  EXPECT_TRUE(versions.has(mqtt::protocol_version::v311));
  EXPECT_FALSE(versions.has(mqtt::protocol_version::v31));
}

TEST(Load, WantsListsOfTheRightThings) {
  const auto in_listener = [](std::string_view key) {
    return mistakes_in("listeners:\n  - " + std::string(key) + "\n");
  };
  for (const char* const wrong :
       {"allow: 10.0.0.1/8", "allow: 10.0.0.0/33", "deny: everybody", "deny: [ [ 10.0.0.1 ] ]",
        "proxy_protocol: { from: host }", "versions: [ 4 ]", "tls: { certificate: relative.pem }",
        "websocket: { path: mqtt }", "websocket: { origins: app.example }",
        "websocket: { origins: \"https://app.example/\" }", "port: [ 1883 ]"}) {
    EXPECT_THAT(in_listener(wrong), SizeIs(1)) << wrong;
  }
  EXPECT_THAT(in_listener("websocket: { origins: [ \"https://a.example\", \"http://b:8080\" ] }"),
              IsEmpty());
  EXPECT_THAT(in_listener("bind: /run/mqtt.sock"), IsEmpty()) << "no other machine reaches it";
}

TEST(Load, WantsKeysOfTlsThatGoTogether) {
  EXPECT_THAT(mistakes_in("listeners:\n  - tls:\n      certificate: [ /a.pem, /b.pem ]\n"
                          "      key: /a.key\n"),
              ElementsAre(HasSubstr("f:3:7: listeners[0].tls.certificate: there are 2 certificates "
                                    "and 1 keys")));
  EXPECT_THAT(mistakes_in("listeners: [ { tls: { ca: /ca.pem } } ]\n"),
              ElementsAre(HasSubstr("tls.ca: serves for nothing without tls.certificate")));
  EXPECT_THAT(mistakes_in("listeners: [ { tls: { certificate: /a, key: /b, crl: /c } } ]\n"),
              ElementsAre(HasSubstr("tls.crl: serves for nothing without tls.ca")));
}

TEST(Load, TakesRulesForTheExpiryOfMessages) {
  const auto rules = [](std::string_view text) {
    const loaded out = load_text("protocol: {message_expiry: \"" + std::string{text} + "\"}\n");
    EXPECT_THAT(out.mistakes, IsEmpty()) << text;
    return out.value.broker.limits.message_expiry;
  };
  const auto some = rules("sensors/#=1h, log/+/x=10s,#=2d");
  ASSERT_EQ(some.size(), 3U);
  EXPECT_EQ(some[0].filter, "sensors/#");
  EXPECT_EQ(some[0].after_s, 3'600U);
  EXPECT_EQ(some[1].after_s, 10U);
  EXPECT_EQ(some[2].filter, "#");
  EXPECT_TRUE(rules("none").empty());
  for (const char* wrong :
       {"sensors/#", "a#=1h", "#/a=1h", "a+/b=1h", "$share/g/a=1h", "=1h", "a=0s", "a=soon"}) {
    EXPECT_THAT(mistakes_in("protocol: {message_expiry: \"" + std::string{wrong} + "\"}\n"),
                ElementsAre(HasSubstr("protocol.message_expiry")))
        << wrong;
  }
}

TEST(Load, TakesWhatGoesWithMqtt5) {
  const loaded out = load_text(
      "session: {share_selection: least-in-flight}\n"
      "connection: {receive_maximum: 7, topic_alias_max: 0}\n"
      "protocol: {payload_format_check: true, maximum_qos: 1, retain_available: false}\n");
  ASSERT_THAT(out.mistakes, IsEmpty());
  const session::limits& l = out.value.broker.limits;
  EXPECT_EQ(l.share_selection, session::share_policy::least_in_flight);
  EXPECT_EQ(l.receive_maximum, 7U);
  EXPECT_EQ(l.topic_alias_max, 0U);
  EXPECT_TRUE(l.payload_format_check);
  EXPECT_EQ(l.maximum_qos, mqtt::qos::at_least_once);
  EXPECT_FALSE(l.retain_available);
  EXPECT_EQ(load_text("").value.broker.limits.share_selection, session::share_policy::round_robin);
}

}  // namespace
}  // namespace godwit::config
