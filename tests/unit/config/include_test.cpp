#include "unit/store_rocksdb/temporary_directory.hpp"

#include <godwit/config/differences.hpp>
#include <godwit/config/load.hpp>
#include <godwit/config/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A configuration of several files in a directory of its own.
class Include : public ::testing::Test {
 protected:
  Include() { std::filesystem::create_directory(place_ / "conf.d"); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(place_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] loaded load() const { return load_file(place_ / "main.yaml"); }
  /// The lines that people see, without the directory.
  [[nodiscard]] std::vector<std::string> mistakes() const {
    std::vector<std::string> lines;
    const loaded all = load();
    for (const mistake& m : all.mistakes) lines.push_back(cut(describe(m, all)));
    return lines;
  }
  [[nodiscard]] std::string cut(std::string line) const {
    const std::string directory = place_.string();
    for (auto at = line.find(directory); at != std::string::npos; at = line.find(directory)) {
      line.erase(at, directory.size());
    }
    return line;
  }

  test::temporary_directory made_;
  std::filesystem::path place_{made_ / ""};
};

TEST_F(Include, ReadsTheFilesOfADirectoryInTheOrderOfTheirNames) {
  write("main.yaml", "include: conf.d\nshards: 2\nlisteners: [ {name: a, port: 1} ]\n");
  write("conf.d/20-more.yaml", "listeners: [ {name: c, port: 3} ]\nsession: {expiry: 1d}\n");
  write("conf.d/10-more.yml", "listeners: [ {name: b, port: 2} ]\nsession: {inflight_max: 7}\n");
  const loaded all = load();
  ASSERT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(all.value.shards, 2U);
  EXPECT_EQ(all.value.broker.limits.inflight_max, 7U);
  EXPECT_EQ(all.value.broker.limits.session_expiry, std::chrono::hours(24));
  ASSERT_THAT(all.value.listeners, SizeIs(3));
  EXPECT_EQ(all.value.listeners[1].options.name, "b");
  EXPECT_EQ(all.value.listeners[2].options.name, "c");
  ASSERT_EQ(all.files, 3U);
  EXPECT_EQ(cut(all.sources[1]), "conf.d/10-more.yml");
}

TEST_F(Include, LeavesOutWhatOthersLeaveBehind) {
  write("main.yaml", "include: " + (place_ / "conf.d").string() + "\n");
  write("conf.d/a.yaml~", "nonsense");
  write("conf.d/.hidden.yaml", "nonsense");
  write("conf.d/a.yaml.dpkg-old", "nonsense");
  write("conf.d/README", "nonsense");
  EXPECT_THAT(mistakes(), IsEmpty());
  EXPECT_EQ(load().files, 1U);
}

TEST_F(Include, FilesAloneReplaceTheUsualListeners) {
  write("main.yaml", "include: conf.d\n");
  write("conf.d/a.yaml", "listeners: [ {name: only, port: 5} ]\n");
  ASSERT_THAT(load().value.listeners, SizeIs(1));
}

TEST_F(Include, AKeyIsGivenOnceOverAllFiles) {
  write("main.yaml", "include: conf.d\nsession:\n  expiry: 1d\n");
  write("conf.d/a.yaml", "shards: 1\nsession:\n  expiry: 2d\n");
  write("conf.d/b.yaml", "\n\n\nshards: 2\n");
  EXPECT_THAT(mistakes(),
              ElementsAre("conf.d/a.yaml:3:3: session.expiry: given twice; first in main.yaml:3",
                          "conf.d/b.yaml:4:1: shards: given twice; first in conf.d/a.yaml:1"));
}

TEST_F(Include, AMistakeNamesItsFile) {
  write("main.yaml", "include: conf.d\nlog: {level: loud}\n");
  write("conf.d/a.yaml", "shards: many\n");
  write("conf.d/b.yaml", "a: [\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("main.yaml:2:14: log.level"),
                                      HasSubstr("conf.d/a.yaml:1:9: shards: \"many\""),
                                      HasSubstr("conf.d/b.yaml:2:1: this is not YAML")));
}

TEST_F(Include, WhatFilesSayTogetherIsChecked) {
  write("main.yaml", "include: conf.d\nlisteners: [ {name: a, port: 1} ]\n");
  write("conf.d/a.yaml", "listeners:\n  - {name: a, port: 2}\n  - {name: c, port: 1}\n");
  write("conf.d/b.yaml", "listeners: [ {name: d, port: 4, bind: 0.0.0.0} ]\n");
  EXPECT_THAT(mistakes(),
              ElementsAre(HasSubstr("conf.d/a.yaml:2:6: listeners[1].name: \"a\" names another"),
                          HasSubstr("conf.d/a.yaml:3:15: listeners[2].port: another listener"),
                          HasSubstr("conf.d/b.yaml:1:33: listeners[3].bind: \"0.0.0.0\" can be")));
}

TEST_F(Include, ADirectoryThatIsMissingIsAMistake) {
  write("main.yaml", "shards: 1\ninclude: nowhere\n");
  EXPECT_THAT(mistakes(), ElementsAre("main.yaml:2:1: include: nowhere cannot be read: No such "
                                      "file or directory"));
}

TEST_F(Include, OnlyRegularFilesAreRead) {
  write("main.yaml", "include: conf.d\n");
  std::filesystem::create_directory(place_ / "conf.d/a.yaml");
  ASSERT_EQ(::mkfifo((place_ / "conf.d/b.yaml").c_str(), 0600), 0);
  std::filesystem::create_symlink("nothing", place_ / "conf.d/c.yaml");
  EXPECT_THAT(mistakes(),
              ElementsAre("conf.d/a.yaml: is not a file", "conf.d/b.yaml: is not a file",
                          "conf.d/c.yaml: cannot be opened: No such file or directory"));
}

TEST_F(Include, OneFileIncludesForAll) {
  write("main.yaml", "include: conf.d\n");
  write("conf.d/a.yaml", "include: more.d\n");
  EXPECT_THAT(mistakes(), ElementsAre("conf.d/a.yaml:1:1: include: given twice; first in "
                                      "main.yaml:1"));
}

TEST_F(Include, AllFilesTogetherHaveTheLimitOfOne) {
  write("main.yaml", "include: conf.d\n");
  write("conf.d/a.yaml", "#" + std::string(file_bytes_max - 100, 'x') + "\n");
  write("conf.d/b.yaml", "#" + std::string(100, 'x') + "\n");
  EXPECT_THAT(mistakes(), ElementsAre(HasSubstr("conf.d/b.yaml: with the files before it")));
}

TEST_F(Include, WhatIsPrintedIsTheWhole) {
  write("main.yaml", "include: conf.d\n");
  write("conf.d/a.yaml", "shards: 3\n");
  const loaded all = load();
  const std::string text = render_effective(all);
  EXPECT_THAT(cut(text), HasSubstr("include: none  # main.yaml:1, and its files are part of this"));
  EXPECT_THAT(cut(text), HasSubstr("shards: 3  # conf.d/a.yaml:1\n"));
  const loaded again = load_text(text);
  EXPECT_THAT(again.mistakes, IsEmpty());
  EXPECT_THAT(differences(all.value, again.value), IsEmpty());
}

TEST(LoadText, ReadsNoOtherFile) {
  EXPECT_THAT(load_text("include: /nonexistent\n").mistakes, IsEmpty());
}

}  // namespace
}  // namespace godwit::config
