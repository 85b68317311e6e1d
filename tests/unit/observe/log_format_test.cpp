#include <godwit/observe/log.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

using namespace std::string_view_literals;

namespace godwit::observe {
namespace {

// 2026-11-23 07:40:00.123 UTC
constexpr base::wall_time noon{std::chrono::milliseconds{1'795'419'600'123}};

std::string line(std::vector<log_field> fields, log_format format,
                 log_prefix prefix = log_prefix::time, log_level level = log_level::info) {
  return format_log_line({level, noon, "client.connected", fields}, format, prefix);
}

TEST(LogFormat, TextLine) {
  EXPECT_EQ(
      line({{"client", "x"}, {"peer", "127.0.0.1:1234"sv}, {"keep_alive_s", 60}}, log_format::text),
      "2026-11-23T07:40:00.123Z info client.connected client=\"x\" peer=\"127.0.0.1:1234\" "
      "keep_alive_s=60");
}

TEST(LogFormat, TextLineForTheJournal) {
  const auto prefixed = [](log_level level) {
    return line({{"n", 1}}, log_format::text, log_prefix::journal, level);
  };
  EXPECT_EQ(prefixed(log_level::error), "<3>client.connected n=1");
  EXPECT_EQ(prefixed(log_level::warn), "<4>client.connected n=1");
  EXPECT_EQ(prefixed(log_level::info), "<6>client.connected n=1");
  EXPECT_EQ(prefixed(log_level::debug), "<7>client.connected n=1");
}

TEST(LogFormat, JsonLine) {
  EXPECT_EQ(line({{"client", "x"}, {"clean", true}, {"keep_alive_s", 60}}, log_format::json),
            R"({"time":"2026-11-23T07:40:00.123Z","level":"info","event":"client.connected",)"
            R"("client":"x","clean":true,"keep_alive_s":60})");
}

TEST(LogFormat, KeepsEachTypeOfValue) {
  const std::string owned = "s";
  EXPECT_EQ(
      format_log_line({log_level::info, noon, "e",
                       std::vector<log_field>{{"a", owned},
                                              {"b", std::numeric_limits<std::int64_t>::min()},
                                              {"c", std::numeric_limits<std::uint64_t>::max()},
                                              {"d", 0.5},
                                              {"e", false},
                                              {"f", std::uint16_t{65'535}}}},
                      log_format::text, log_prefix::journal),
      "<6>e a=\"s\" b=-9223372036854775808 c=18446744073709551615 d=0.5 e=false f=65535");
}

TEST(LogFormat, JsonHasNoInfinities) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_NE(line({{"x", infinite}}, log_format::json).find(R"("x":null)"), std::string::npos);
  EXPECT_NE(line({{"x", infinite}}, log_format::text).find("x=inf"), std::string::npos);
}

TEST(LogFormat, APeerCannotForgeALineOrAField) {
  const std::vector<log_field> hostile{{"client", "a\" admin=\"yes\n<3>x\\\xff"sv}};
  EXPECT_EQ(line(hostile, log_format::text, log_prefix::journal),
            R"(<6>client.connected client="a\" admin=\"yes\x0a<3>x\\\xff")");
  EXPECT_EQ(line(hostile, log_format::json),
            R"({"time":"2026-11-23T07:40:00.123Z","level":"info","event":"client.connected",)"
            R"("client":"a\" admin=\"yes\\x0a<3>x\\\\\\xff"})");
}

TEST(LogFormat, CutsLongTexts) {
  const std::string long_id(1000, 'x');
  const auto text = line({{"client", long_id}}, log_format::text, log_prefix::journal);
  EXPECT_EQ(text, "<6>client.connected client=\"" + std::string(128, 'x') + "...\"");
}

TEST(LogLevel, NamesReadBack) {
  for (const auto level : {log_level::error, log_level::warn, log_level::info, log_level::debug}) {
    EXPECT_EQ(parse_log_level(name(level)), level);
  }
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace godwit::observe
