#include "unit/store_rocksdb/temporary_directory.hpp"

#include <godwit/net/read_file.hpp>

#include <gtest/gtest.h>

#include <fstream>

namespace godwit::net {
namespace {

TEST(ReadFile, TakesUpToItsLimitAndNotAByteMore) {
  const test::temporary_directory d;
  const std::string path = d / "file";
  for (const std::size_t size : {0U, 1U, 99U, 100U}) {
    const std::string text(size, 'x');
    std::ofstream{path} << text;
    const auto file = read_file(path, 100);
    ASSERT_TRUE(file.has_value()) << size;
    EXPECT_EQ(file->text, text);
  }
  std::ofstream{path} << std::string(101, 'x');
  const auto file = read_file(path, 100);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().what, "is longer than 100 bytes, the most that is read");
}

/// Files of /proc say that they are empty.
TEST(ReadFile, ReadsWhatIsLongerThanItWas) {
  const auto file = read_file("/proc/self/status", 100'000);
  ASSERT_TRUE(file.has_value());
  EXPECT_GT(file->text.size(), 200U);
  EXPECT_TRUE(file->text.ends_with('\n'));
  EXPECT_FALSE(read_file("/proc/self/status", 200).has_value());
}

}  // namespace
}  // namespace godwit::net
