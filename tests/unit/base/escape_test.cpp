#include <godwit/base/escape.hpp>

#include <gtest/gtest.h>

using namespace std::string_view_literals;

namespace godwit::base {
namespace {

TEST(EscapeForLog, LeavesPrintableTextAlone) {
  EXPECT_EQ(escape_for_log("sensors/+/t \"x\" ~"), "sensors/+/t \"x\" ~");
  EXPECT_EQ(escape_for_log(""), "");
}

TEST(EscapeForLog, ShowsEveryOtherByteInHex) {
  EXPECT_EQ(escape_for_log("a\nb\0\x1b[31m\x7f\xc3\xa9"sv), "a\\x0ab\\x00\\x1b[31m\\x7f\\xc3\\xa9");
}

TEST(EscapeForLog, CannotBeMistakenForItsInput) {
  EXPECT_EQ(escape_for_log("\\x0a"), "\\\\x0a");
}

TEST(EscapeForLog, CutsAtTheLimit) {
  EXPECT_EQ(escape_for_log("abcdef", 6), "abcdef");
  EXPECT_EQ(escape_for_log("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escape_for_log(std::string(200, 'x')), std::string(128, 'x') + "...");
  EXPECT_EQ(escape_for_log("\n\n\n", 2), "\\x0a\\x0a...");
}

}  // namespace
}  // namespace godwit::base
