#include "config/values.hpp"

#include "config/expiry_rules.hpp"

#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T, class Kind>
T read(const Kind& kind, std::string_view text) {
  T out{};
  const auto wrong = kind.read(text, "7x", out);
  EXPECT_EQ(wrong.value_or(""), "") << text;
  return out;
}
template <class T, class Kind>
std::string complaint_about(const Kind& kind, std::string_view text) {
  T out{};
  return kind.read(text, "7x", out).value_or("nothing is wrong");
}

constexpr size any_size{{0, 1ULL << 62U}};
constexpr duration any_duration{{0, 1'000'000'000'000}};

TEST(Size, ReadsEveryUnit) {
  EXPECT_EQ(read<std::uint64_t>(any_size, "12B"), 12U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "64KiB"), 65'536U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "16 MiB"), 16'777'216U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "3GiB"), 3'221'225'472U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "1TiB"), 1'099'511'627'776U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "5KB"), 5'000U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "5MB"), 5'000'000U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "5GB"), 5'000'000'000U);
  EXPECT_EQ(read<std::uint64_t>(any_size, "0"), 0U);
}

TEST(Size, SaysWhatWouldBeRight) {
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "lots"),
            "\"lots\" is not a size; write a number with a unit, such as 7x");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "65536"),
            "\"65536\" has no unit; write a number with a unit, such as 7x");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "5mb"),
            "\"5mb\" has no unit that is known; units are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "-1B"),
            "\"-1B\" is not a size; write a number with a unit, such as 7x");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "1.5MiB"),
            "\"1.5MiB\" has no unit that is known; units are "
            "B, KiB, MiB, GiB, TiB, KB, MB, GB, TB");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "99999999TiB"),
            "\"99999999TiB\" is too large");
  EXPECT_EQ(complaint_about<std::uint64_t>(any_size, "99999999999999999999B"),
            "\"99999999999999999999B\" is not a size; write a number with a unit, such as 7x");
}

TEST(Size, KeepsItsBoundsAndTheirEdges) {
  const size s{{1'024, 2'048, "none"}};
  EXPECT_EQ(read<std::uint32_t>(s, "1KiB"), 1'024U);
  EXPECT_EQ(read<std::uint32_t>(s, "2048B"), 2'048U);
  EXPECT_EQ(read<std::uint32_t>(s, "0B"), 0U);
  const std::string wrong = " is out of range; right is 1KiB to 2KiB; 0 = none";
  EXPECT_EQ(complaint_about<std::uint32_t>(s, "1023B"), "\"1023B\"" + wrong);
  EXPECT_EQ(complaint_about<std::uint32_t>(s, "2049B"), "\"2049B\"" + wrong);
}

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(read<milliseconds>(any_duration, "500ms"), milliseconds(500));
  EXPECT_EQ(read<milliseconds>(any_duration, "10s"), milliseconds(10'000));
  EXPECT_EQ(read<milliseconds>(any_duration, "5m"), milliseconds(300'000));
  EXPECT_EQ(read<seconds>(any_duration, "2h"), seconds(7'200));
  EXPECT_EQ(read<seconds>(any_duration, "14d"), seconds(1'209'600));
  EXPECT_EQ(read<std::uint16_t>(duration{{0, 65'535'000}}, "1h"), 3'600U);
}

TEST(Duration, RefusesAFractionOfASecondWhereSecondsAreKept) {
  EXPECT_EQ(complaint_about<seconds>(any_duration, "1500ms"),
            "\"1500ms\" is not a whole number of seconds");
  EXPECT_EQ(read<seconds>(any_duration, "2000ms"), seconds(2));
}

TEST(Duration, SaysWhatWouldBeRight) {
  EXPECT_EQ(complaint_about<seconds>(any_duration, "soon"),
            "\"soon\" is not a duration; write a number with a unit, such as 7x");
  EXPECT_EQ(complaint_about<seconds>(any_duration, "10"),
            "\"10\" has no unit; write a number with a unit, such as 7x");
  EXPECT_EQ(complaint_about<seconds>(any_duration, "10 minutes"),
            "\"10 minutes\" has no unit that is known; units are ms, s, m, h, d");
}

TEST(Duration, ShowsTheLargestUnitThatFits) {
  EXPECT_EQ(show_duration(0), "0s");
  EXPECT_EQ(show_duration(1'500), "1500ms");
  EXPECT_EQ(show_duration(90'000), "90s");
  EXPECT_EQ(show_duration(14ULL * 86'400'000), "14d");
}

TEST(Size, ShowsTheLargestUnitThatFits) {
  EXPECT_EQ(show_size(0), "0B");
  EXPECT_EQ(show_size(1'000), "1000B");
  EXPECT_EQ(show_size(65'536), "64KiB");
  EXPECT_EQ(show_size(16'777'216), "16MiB");
}

TEST(Count, ReadsWholeNumbersWithinItsBounds) {
  const count c{{1, 65'535}};
  EXPECT_EQ(read<std::uint16_t>(c, "65535"), 65'535U);
  EXPECT_EQ(complaint_about<std::uint16_t>(c, "65536"),
            "\"65536\" is out of range; right is 1 to 65535");
  EXPECT_EQ(complaint_about<std::uint16_t>(c, "0"), "\"0\" is out of range; right is 1 to 65535");
  EXPECT_EQ(complaint_about<std::uint16_t>(c, "many"),
            "\"many\" is not a whole number; right is 1 to 65535");
  EXPECT_EQ(complaint_about<std::uint16_t>(c, "1.0"),
            "\"1.0\" is not a whole number; right is 1 to 65535");
  EXPECT_EQ(complaint_about<std::uint16_t>(c, "+1"),
            "\"+1\" is not a whole number; right is 1 to 65535");
}

TEST(Factor, ReadsFractionsAndNothingOdd) {
  const factor f{1, 100};
  EXPECT_DOUBLE_EQ(read<double>(f, "1.5"), 1.5);
  for (const char* odd : {"nan", "inf", "1e1", "0x2", "", "1.5s", "0.5", "101"}) {
    EXPECT_NE(complaint_about<double>(f, odd), "nothing is wrong") << odd;
  }
}

TEST(Truth, KnowsTwoWords) {
  EXPECT_TRUE(read<bool>(truth{}, "true"));
  EXPECT_FALSE(read<bool>(truth{}, "false"));
  EXPECT_EQ(complaint_about<bool>(truth{}, "yes"), "\"yes\" is neither true nor false");
}

TEST(Choice, ListsItsWords) {
  const choice<int> c{{{"one", 1}, {"two", 2}, {"three", 3}}};
  EXPECT_EQ(read<int>(c, "two"), 2);
  EXPECT_EQ(complaint_about<int>(c, "four"), "\"four\" is not one of one, two and three");
}

TEST(Quoted, EscapesAndCutsWhatAFileSays) {
  EXPECT_EQ(quoted("a\n\x1b[31m"), "\"a\\x0a\\x1b[31m\"");
  EXPECT_EQ(config::quoted(std::string(500, 'x')).size(), 60U + 3U + 2U);
}

TEST(ExpiryRules, ReadFiltersAndDurationsInTheirOrder) {
  using rules = std::vector<session::expiry_rule>;
  const expiry_rules kind;
  EXPECT_EQ(read<rules>(kind, "none"), rules{});
  EXPECT_EQ(read<rules>(kind, "sensors/#=1h"), (rules{{"sensors/#", 3'600}}));
  const rules two{{"a=b/+", 10}, {"#", 86'400}};
  EXPECT_EQ(read<rules>(kind, "a=b/+=10s, # = 1d"), two);
  EXPECT_EQ(kind.show(two), "a=b/+=10s, #=1d");
  EXPECT_EQ(kind.show({}), "none");
}

TEST(ExpiryRules, SayWhatWouldBeRight) {
  using rules = std::vector<session::expiry_rule>;
  const expiry_rules kind;
  EXPECT_EQ(complaint_about<rules>(kind, ""), "write none, or rules such as \"sensors/#=1h\"");
  EXPECT_NE(complaint_about<rules>(kind, "a").find("is no rule"), std::string::npos);
  EXPECT_EQ(complaint_about<rules>(kind, "a/#/b=1h"), "\"a/#/b\" is no topic filter");
  EXPECT_EQ(complaint_about<rules>(kind, "$share/g/a=1h"), "\"$share/g/a\" is no topic filter");
  EXPECT_NE(complaint_about<rules>(kind, "a=soon"), "nothing is wrong");
  EXPECT_NE(complaint_about<rules>(kind, "a=1ms"), "nothing is wrong");
}

}  // namespace
}  // namespace godwit::config
