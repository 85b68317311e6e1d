#include "unit/store_rocksdb/temporary_directory.hpp"

#include <godwit/net/read_input.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace godwit::net {
namespace {

using ::testing::HasSubstr;

/// A variable of the environment that is there while this is.
class set_variable {
 public:
  set_variable(const char* name, const std::string& value) : name_{name} {
    ::setenv(name, value.c_str(), 1);
  }
  ~set_variable() { ::unsetenv(name_); }
  set_variable(const set_variable&) = delete;
  set_variable& operator=(const set_variable&) = delete;

 private:
  const char* name_;
};

TEST(ReadInput, TakesACredentialFromTheServicesDirectory) {
  const test::temporary_directory d;
  std::ofstream{d / "server.key"} << "secret";
  std::filesystem::permissions(d / "server.key", std::filesystem::perms::owner_read);
  const set_variable directory{"CREDENTIALS_DIRECTORY", d / ""};
  const auto file = read_input("credential:server.key", 100);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->text, "secret");
  EXPECT_FALSE(exposure_of(*file, secrecy::secret));
  std::filesystem::permissions(d / "server.key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_TRUE(exposure_of(*read_input("credential:server.key", 100), secrecy::secret));
  EXPECT_THAT(read_input("credential:other", 100).error().what, HasSubstr("No such file"));
}

TEST(ReadInput, SaysThatThereAreNoCredentials) {
  EXPECT_THAT(read_input("credential:server.key", 100).error().what,
              HasSubstr("there is no CREDENTIALS_DIRECTORY"));
}

TEST(ReadInput, TakesWhatAVariableHolds) {
  EXPECT_THAT(read_input("env:GODWIT_TEST_SECRET", 100).error().what,
              HasSubstr("no such variable"));
  const set_variable secret{"GODWIT_TEST_SECRET", "two\nlines"};
  const auto file = read_input("env:GODWIT_TEST_SECRET", 9);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->text, "two\nlines");
  EXPECT_FALSE(exposure_of(*file, secrecy::secret));
  EXPECT_THAT(read_input("env:GODWIT_TEST_SECRET", 8).error().what, HasSubstr("longer than 8"));
}

TEST(ReadInput, TakesAFileByItsPath) {
  const test::temporary_directory d;
  std::ofstream{d / "file"} << "text";
  EXPECT_EQ(read_input(d / "file", 100)->text, "text");
}

}  // namespace
}  // namespace godwit::net
