#include "support/clause.hpp"
#include "support/random_source.hpp"

#include <godwit/mqtt/utf8.hpp>

#include <gtest/gtest.h>

namespace godwit::mqtt {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr auto pairs = utf8_dialect::surrogate_pairs;

std::string encoded(std::uint32_t character) {
  const auto low = [&](unsigned shift) {
    return static_cast<char>(0x80U | (character >> shift & 0x3FU));
  };
  if (character < 0x80) return {static_cast<char>(character)};
  if (character < 0x800) return {static_cast<char>(0xC0U | character >> 6U), low(0)};
  if (character < 0x10000) return {static_cast<char>(0xE0U | character >> 12U), low(6), low(0)};
  return {static_cast<char>(0xF0U | character >> 18U), low(12), low(6), low(0)};
}

/// Slow and obvious: computes the character, then asks whether its encoding is these bytes.
bool naive_valid(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < size) return false;
    std::uint32_t character = size == 1 ? lead : lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
      character = character << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character == 0 || character > 0x10FFFF || surrogate) return false;
    if (encoded(character) != text.substr(0, size)) return false;
    text.remove_prefix(size);
  }
  return true;
}

TEST(Utf8, RefusesEveryIllFormedSequence) {
  clause("v311 MQTT-1.5.3-1");
  clause("v5 MQTT-1.5.4-1");
  const std::string_view bad[] = {
      "\x80"sv,              // continuation byte alone
      "\xBF"sv,              //
      "\xC0\x80"sv,          // overlong U+0000
      "\xC1\xBF"sv,          // overlong U+007F
      "\xC3"sv,              // cut
      "\xC3\x28"sv,          // no continuation
      "\xE0\x80\xAF"sv,      // overlong '/'
      "\xE0\x9F\xBF"sv,      // overlong U+07FF
      "\xE2\x82"sv,          // cut
      "\xE2\x28\xA1"sv,      //
      "\xED\xA0\x80"sv,      // U+D800
      "\xED\xBF\xBF"sv,      // U+DFFF
      "\xF0\x80\x80\xAF"sv,  // overlong '/'
      "\xF0\x8F\xBF\xBF"sv,  // overlong U+FFFF
      "\xF0\x9F\x98"sv,      // cut
      "\xF4\x90\x80\x80"sv,  // U+110000
      "\xF5\x80\x80\x80"sv,
      "\xF8\x88\x80\x80\x80"sv,
      "\xFE"sv,
      "\xFF"sv,
  };
  for (const std::string_view sequence : bad) {
    for (std::size_t before = 0; before < 20; ++before) {
      for (const std::size_t after : {0U, 1U, 9U}) {
        const std::string text =
            std::string(before, 'a') + std::string{sequence} + std::string(after, 'z');
        EXPECT_FALSE(is_valid_utf8(text)) << ::testing::PrintToString(text);
        EXPECT_FALSE(is_valid_utf8(text, pairs)) << ::testing::PrintToString(text);
      }
    }
  }
}

TEST(Utf8, RefusesTheNullCharacterAtAnyPlace) {
  clause("v311 MQTT-1.5.3-2");
  clause("v5 MQTT-1.5.4-2");
  clause("v31 M31-topic-6");
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\0';
      EXPECT_FALSE(is_valid_utf8(text));
      EXPECT_FALSE(is_valid_utf8(text, pairs));
    }
  }
}

TEST(Utf8, TakesTheByteOrderMarkAsACharacter) {
  clause("v311 MQTT-1.5.3-3");
  clause("v5 MQTT-1.5.4-3");
  EXPECT_TRUE(is_valid_utf8("\xEF\xBB\xBFtopic"));
  EXPECT_TRUE(is_valid_utf8("to\xEF\xBB\xBFpic\xEF\xBB\xBF"));
}

TEST(Utf8, AcceptsEveryCharacterButSurrogates) {
  for (std::uint32_t character = 1; character <= 0x10FFFF; ++character) {
    const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(encoded(character)), !surrogate) << std::hex << character;
  }
}

TEST(Utf8, AcceptsControlCharactersAndNonCharacters) {
  EXPECT_TRUE(is_valid_utf8("\x01\x1F\x7F"));
  EXPECT_TRUE(is_valid_utf8("\xC2\x80\xC2\x9F"));
  EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBE\xEF\xBF\xBF"));
  EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Utf8, AgreesWithANaiveValidator) {
  constexpr std::uint64_t seed = 20260101;
  SCOPED_TRACE(seed);
  test::random_source random{seed};
  const std::string_view alphabet = "aZ/\x00\x7F\x80\x8F\x90\x9F\xA0\xBF\xC2\xE0\xED\xF0\xF4"sv;
  for (int round = 0; round < 200'000; ++round) {
    std::string text(random.below(24), '\0');
    // Mostly ASCII, so that the fast path is left in all places.
    for (char& c : text) c = random.below(4) == 0 ? alphabet[random.below(alphabet.size())] : 'm';
    ASSERT_EQ(is_valid_utf8(text), naive_valid(text)) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, AcceptsSurrogatePairsInTheDialectOfMqtt31Only) {
  clause("v31 M31-utf8-1");
  const auto smile = "\xED\xA0\xBD\xED\xB8\x80"sv;  // U+1F600 as a surrogate pair
  EXPECT_FALSE(is_valid_utf8(smile));
  EXPECT_TRUE(is_valid_utf8(smile, pairs));
  EXPECT_TRUE(is_valid_utf8("abc"s.append(smile) + "defghijkl", pairs));
  EXPECT_FALSE(is_valid_utf8("\xED\xB8\x80\xED\xA0\xBD", pairs)) << "the wrong way round";
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\xBD\xED\xA0\xBD", pairs)) << "two high ones";
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\xBDx", pairs)) << "a high one alone";
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\xBD\xED\xB8", pairs)) << "cut";
  EXPECT_FALSE(is_valid_utf8("\xC0\x80", pairs));
}

TEST(Utf8, RepairsEverySurrogatePair) {
  clause("v31 M31-utf8-1");
  for (std::uint32_t character = 0x10000; character <= 0x10FFFF; ++character) {
    const std::uint32_t offset = character - 0x10000;
    const std::string pair = encoded(0xD800 + (offset >> 10U)) + encoded(0xDC00 + (offset & 0x3FF));
    ASSERT_TRUE(needs_utf8_repair(pair));
    ASSERT_EQ(repair_utf8(pair), encoded(character));
  }
}

TEST(Utf8, RepairLeavesTheRestAlone) {
  const std::string text = "a\xED\x9F\xBF\xEF\xBB\xBF\xED\xA0\xBD\xED\xB8\x80/\xF0\x9F\x98\x80";
  EXPECT_TRUE(needs_utf8_repair(text));
  const std::string repaired = repair_utf8(text);
  EXPECT_EQ(repaired, "a\xED\x9F\xBF\xEF\xBB\xBF\xF0\x9F\x98\x80/\xF0\x9F\x98\x80");
  EXPECT_TRUE(is_valid_utf8(repaired));
  EXPECT_FALSE(needs_utf8_repair(repaired));
  EXPECT_FALSE(needs_utf8_repair("\xED\x9F\xBF"));  // U+D7FF is not a surrogate
  EXPECT_FALSE(needs_utf8_repair("plain"));
}

}  // namespace
}  // namespace godwit::mqtt
