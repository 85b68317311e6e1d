#include "daemon/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace godwit::daemon {
namespace {

using ::testing::HasSubstr;
using task = command_line::task;

command_line parse(std::initializer_list<std::string_view> arguments) {
  const auto parsed = parse_command_line(std::vector<std::string_view>(arguments));
  const auto* line = std::get_if<command_line>(&parsed);
  if (line == nullptr) ADD_FAILURE() << std::get<usage_mistake>(parsed).what;
  return line == nullptr ? command_line{} : *line;
}
std::string mistake(std::initializer_list<std::string_view> arguments) {
  const auto parsed = parse_command_line(std::vector<std::string_view>(arguments));
  const auto* wrong = std::get_if<usage_mistake>(&parsed);
  return wrong == nullptr ? "nothing is wrong" : wrong->what;
}

TEST(CommandLine, WithoutArgumentsRunsWithTheDefaults) {
  const command_line line = parse({});
  EXPECT_EQ(line.what, task::run);
  EXPECT_EQ(line.config_file, "");
  EXPECT_FALSE(line.port.has_value());
}

TEST(CommandLine, TakesValuesInEveryUsualForm) {
  EXPECT_EQ(parse({"--config", "a.yaml"}).config_file, "a.yaml");
  EXPECT_EQ(parse({"--config=a.yaml"}).config_file, "a.yaml");
  EXPECT_EQ(parse({"-c", "a.yaml"}).config_file, "a.yaml");
  EXPECT_EQ(parse({"--port", "0"}).port, 0);
  EXPECT_EQ(parse({"-p", "65535"}).port, 65'535);
}

TEST(CommandLine, KnowsItsTasks) {
  EXPECT_EQ(parse({"--check", "-c", "x"}).what, task::check);
  EXPECT_EQ(parse({"--print-effective"}).what, task::print_effective);
  EXPECT_EQ(parse({"--version"}).what, task::version);
  EXPECT_EQ(parse({"-c", "x", "--help"}).what, task::help);
}

TEST(CommandLine, LeadsFromAWrongOptionToTheRightOne) {
  EXPECT_EQ(mistake({"--confg", "x"}), "there is no option \"--confg\"; did you mean --config?");
  EXPECT_EQ(mistake({"--daemonize"}),
            "there is no option \"--daemonize\"; godwitd --help lists them");
  EXPECT_THAT(mistake({"godwit.yaml"}), HasSubstr("named by --config FILE"));
}

TEST(CommandLine, TellsMissingAndWrongValues) {
  EXPECT_EQ(mistake({"--config"}), "--config takes a value: --config FILE");
  EXPECT_EQ(mistake({"--config="}), "--config takes a value: --config FILE");
  EXPECT_EQ(mistake({"--check=yes"}), "--check takes no value");
  for (const std::string_view odd : {"65536", "-1", "mqtt", "1883x"}) {
    EXPECT_THAT(mistake({"--port", odd}), HasSubstr("is not a port; write 0 to 65535"));
  }
}

TEST(HelpText, NamesEveryOptionAndFitsATerminal) {
  const std::string text = help_text();
  for (const char* option : {"--config, -c FILE", "--port, -p N", "--check", "--print-effective",
                             "--version", "--help, -h"}) {
    EXPECT_THAT(text, HasSubstr(option));
  }
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
    start = end + 1;
  }
}

}  // namespace
}  // namespace godwit::daemon
