#include "other_value.hpp"

#include <godwit/config/differences.hpp>
#include <godwit/config/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

/// The files that people read say what the program does: config/godwit.yaml, config/examples/ and
/// the table in docs/configuration.md. Run with GODWIT_UPDATE_REFERENCE=1 to write them anew.

namespace godwit::config {
namespace {

using ::testing::IsEmpty;

const std::filesystem::path root = GODWIT_SOURCE_DIR;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
void expect_same_text(const std::filesystem::path& path, const std::string& wanted) {
  if (std::getenv("GODWIT_UPDATE_REFERENCE") != nullptr) std::ofstream(path) << wanted;
  EXPECT_EQ(read_file(path), wanted) << "run unit_config with GODWIT_UPDATE_REFERENCE=1";
}

TEST(ReferenceFile, ShowsEveryKeyWithItsDefault) {
  expect_same_text(root / "config/godwit.yaml", render_reference_yaml());
}

TEST(ReferenceFile, LoadsToTheDefaults) {
  const loaded file = load_file(root / "config/godwit.yaml");
  EXPECT_THAT(file.mistakes, IsEmpty());
  EXPECT_THAT(differences(configuration{}, file.value), IsEmpty());
  for (const auto& k : broker_keys()) EXPECT_TRUE(file.origins.contains(k.path)) << k.path;
  for (const auto& k : listener_keys()) {
    EXPECT_TRUE(file.origins.contains("listeners[0]." + k.path)) << k.path;
  }
}

TEST(ReferenceFile, DocumentationHasTheSameTable) {
  const auto path = root / "docs/configuration.md";
  const std::string begin = "<!-- keys: begin -->\n";
  const std::string end = "<!-- keys: end -->\n";
  std::string text = read_file(path);
  const auto from = text.find(begin);
  const auto to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  text.replace(from + begin.size(), to - from - begin.size(), render_reference_markdown());
  expect_same_text(path, text);
}

TEST(Examples, AllLoad) {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root / "config/examples")) {
    if (!entry.is_regular_file()) continue;  // what an example needs beside it
    ++seen;
    const loaded file = load_file(entry.path());
    for (const mistake& m : file.mistakes) ADD_FAILURE() << describe(m, entry.path().string());
    EXPECT_FALSE(differences(configuration{}, file.value).empty()) << entry.path();
  }
  EXPECT_GE(seen, 3);
}

TEST(Examples, StrictIsMqtt31ToTheLetter) {
  const loaded file = load_file(root / "config/examples/strict.yaml");
  EXPECT_EQ(file.value.broker.limits.mqtt31_client_id_chars_max, 23);
}

TEST(Schema, EveryDefaultIsAValueThatItsKeyTakes) {
  for (const auto& k : broker_keys()) {
    configuration c;
    EXPECT_EQ(k.set(c, k.usual).value_or(""), "") << k.path;
    EXPECT_EQ(k.show(c), k.usual) << k.path;
    EXPECT_TRUE(k.doc.ends_with('.')) << k.path;
  }
  for (const auto& k : listener_keys()) {
    listener l;
    EXPECT_EQ(k.set(l, k.usual).value_or(""), "") << k.path;
    EXPECT_EQ(k.show(l), k.usual) << k.path;
  }
}

TEST(Schema, KnowsEveryMemberOfTheLimits) {
  // A member more or less changes the size: give it a key in schema.cpp, then adapt the number.
  EXPECT_EQ(sizeof(session::limits), 320U);
}

TEST(Schema, EverySectionIsExplained) {
  for (const auto& k : broker_keys()) {
    for (auto path = parent(k.path); !path.empty(); path = parent(path)) {
      EXPECT_TRUE(std::ranges::any_of(sections(), [&](const section& s) { return s.path == path; }))
          << path;
    }
  }
}

TEST(Schema, NoTwoKeysFillTheSameMember) {
  // Setting one key to something else must change this key and no other.
  const auto keys = broker_keys();
  for (const auto& changed : keys) {
    configuration c;
    const std::string other = other_value(changed);
    ASSERT_FALSE(other.empty()) << changed.path;
    changed.set(c, other);
    for (const auto& k : keys) {
      EXPECT_EQ(k.show(c) == k.usual, k.path != changed.path) << changed.path << " and " << k.path;
    }
  }
}

}  // namespace
}  // namespace godwit::config
