#include "daemon/ctl_explain.hpp"
#include "daemon/ctl_line.hpp"

#include <godwit/config/load.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using words = std::vector<std::string_view>;

ctl_line parsed(const words& arguments) {
  const auto line = parse_ctl_line(arguments);
  const auto* wrong = std::get_if<usage_mistake>(&line);
  EXPECT_EQ(wrong, nullptr) << wrong->what;
  return wrong == nullptr ? std::get<ctl_line>(line) : ctl_line{};
}
std::string mistake_in(const words& arguments) {
  const auto line = parse_ctl_line(arguments);
  const auto* wrong = std::get_if<usage_mistake>(&line);
  return wrong == nullptr ? "" : wrong->what;
}

TEST(CtlLine, NamesACommandAndWhatItIsAbout) {
  const ctl_line passwd = parsed({"passwd", "--file", "/etc/users", "ann"});
  EXPECT_EQ(passwd.what, ctl_line::task::passwd);
  EXPECT_EQ(passwd.file, "/etc/users");
  EXPECT_EQ(passwd.user, "ann");
  const ctl_line publish =
      parsed({"explain", "publish", "--config=g.yaml", "--user", "ann", "--group", "a", "--group",
              "b", "--qos", "1", "--retain", "a/b"});
  EXPECT_EQ(publish.what, ctl_line::task::explain_publish);
  EXPECT_EQ(publish.config_file, "g.yaml");
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_THAT(publish.groups, ElementsAre("a", "b"));
  EXPECT_EQ(publish.quality, mqtt::qos::at_least_once);
  EXPECT_TRUE(publish.retain);
  EXPECT_EQ(parsed({}).what, ctl_line::task::help);
  EXPECT_EQ(parsed({"token", "--help"}).what, ctl_line::task::help);
  EXPECT_EQ(parsed({"token", "--help"}).about, ctl_line::task::token);
}

TEST(CtlLine, TellsWhatIsWrong) {
  EXPECT_THAT(mistake_in({"pass"}), HasSubstr("is not a command"));
  EXPECT_THAT(mistake_in({"explain", "write"}), HasSubstr("connect, publish or subscribe"));
  EXPECT_THAT(mistake_in({"explain"}), HasSubstr("connect, publish or subscribe"));
  EXPECT_THAT(mistake_in({"token", "--scram", "--file", "f", "a"}), HasSubstr("has no option"));
  EXPECT_THAT(mistake_in({"explain", "subscribe", "--will"}), HasSubstr("has no option"));
  EXPECT_THAT(mistake_in({"passwd", "--file", "f"}), HasSubstr("takes a user's name"));
  EXPECT_THAT(mistake_in({"passwd", "ann"}), HasSubstr("needs --config FILE"));
  EXPECT_THAT(mistake_in({"passwd", "ann", "secret", "--file", "f"}),
              HasSubstr("one word too many"));
  EXPECT_THAT(mistake_in({"passwd", "--fil", "f", "ann"}), HasSubstr("did you mean --file?"));
  EXPECT_THAT(mistake_in({"passwd", "--retain", "ann"}),
              HasSubstr("passwd has no option \"--retain\""));
  EXPECT_THAT(mistake_in({"explain", "publish", "--config", "f"}), HasSubstr("takes a topic"));
  EXPECT_THAT(mistake_in({"explain", "publish", "--config", "f", "--qos", "3", "a"}),
              HasSubstr("is not a QoS"));
}

TEST(CtlLine, TheHelpFitsATerminal) {
  std::string text = ctl_help_text();
  for (const auto about :
       {ctl_line::task::passwd, ctl_line::task::token, ctl_line::task::explain_publish,
        ctl_line::task::explain_subscribe, ctl_line::task::explain_connect}) {
    text += ctl_help_text(about);
  }
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
    start = end + 1;
  }
}

TEST(Explain, AgreesWithAnOpenBroker) {
  auth::security open;
  open.listeners = {{"default", {}}};
  EXPECT_TRUE(explain(parsed({"explain", "publish", "--config", "f", "a"}), open).allowed);
  EXPECT_FALSE(explain(parsed({"explain", "publish", "--config", "f", "$SYS/a"}), open).allowed);
  EXPECT_FALSE(explain(parsed({"explain", "publish", "--config", "f", "a/#"}), open).allowed);
  EXPECT_FALSE(explain(parsed({"explain", "subscribe", "--config", "f", "a#"}), open).allowed);
  EXPECT_TRUE(explain(parsed({"explain", "connect", "--config", "f"}), open).allowed);
  EXPECT_FALSE(
      explain(parsed({"explain", "connect", "--config", "f", "--listener", "x"}), open).allowed);
}

}  // namespace
}  // namespace godwit::daemon
