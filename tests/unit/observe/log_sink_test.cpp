#include <godwit/observe/log.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace godwit::observe {
namespace {

/// A directory of its own, removed with all it holds.
class LogSink : public ::testing::Test {
 protected:
  LogSink() {
    std::string pattern = (std::filesystem::temp_directory_path() / "godwit-log-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~LogSink() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& file) const {
    return (directory_ / file).string();
  }
  [[nodiscard]] log_options options(std::size_t queue_lines = 8192) const {
    return {.file = path("log"), .prefix = log_prefix::journal, .queue_lines = queue_lines};
  }
  static std::vector<std::string> lines_of(const std::string& file) {
    std::ifstream in{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static void write(log_sink& sink, std::uint64_t number) {
    const log_field field{"n", number};
    sink.write({.level = log_level::info, .time = {}, .event = "e", .fields = {&field, 1}});
  }

  std::filesystem::path directory_;
};

TEST_F(LogSink, WritesAllThatWaitsBeforeItGoes) {
  {
    const auto sink = make_log_sink(options());
    for (std::uint64_t i = 0; i < 1000; ++i) write(*sink, i);
  }
  const auto lines = lines_of(path("log"));
  ASSERT_EQ(lines.size(), 1000U);
  EXPECT_EQ(lines.front(), "<6>e n=0");
  EXPECT_EQ(lines.back(), "<6>e n=999");
}

TEST_F(LogSink, AppendsToAnExistingFile) {
  for (std::uint64_t i = 0; i < 2; ++i) write(*make_log_sink(options()), i);
  EXPECT_EQ(lines_of(path("log")), (std::vector<std::string>{"<6>e n=0", "<6>e n=1"}));
}

TEST_F(LogSink, KeepsLinesWholeWhenThreadsWriteAtOnce) {
  {
    const auto sink = make_log_sink(options());
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&sink] {
        for (int i = 0; i < 500; ++i) write(*sink, 7);
      });
    }
  }
  const auto lines = lines_of(path("log"));
  EXPECT_EQ(lines.size(), 2000U);
  for (const auto& line : lines) ASSERT_EQ(line, "<6>e n=7");
}

TEST_F(LogSink, ReopensItsFileByName) {
  {
    const auto sink = make_log_sink(options());
    write(*sink, 1);
    std::filesystem::rename(path("log"), path("log.1"));
    sink->reopen();
    write(*sink, 2);
  }
  const auto old_lines = lines_of(path("log.1"));
  const auto new_lines = lines_of(path("log"));
  EXPECT_EQ(old_lines.size() + new_lines.size(), 2U);
  ASSERT_FALSE(new_lines.empty());
  EXPECT_EQ(new_lines.back(), "<6>e n=2");
}

TEST_F(LogSink, RefusesAFileThatItCannotOpen) {
  log_options bad = options();
  bad.file = path("missing/log");
  EXPECT_THROW(static_cast<void>(make_log_sink(bad)), std::system_error);
}

// A pipe that nobody reads stands for a disk that hangs: were writers to wait for it, this test
// would not end. What is lost is counted in the log itself.
TEST_F(LogSink, NeverWaitsForASlowDestinationAndReportsWhatItLost) {
  constexpr std::uint64_t written = 20'000;
  const std::string pipe = path("log");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  auto sink = make_log_sink(options(16));
  for (std::uint64_t i = 0; i < written; ++i) write(*sink, i);

  ASSERT_EQ(::fcntl(reader, F_SETFL, 0), 0);
  std::string text;
  std::jthread collect{[&] {
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(reader, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
  }};
  sink.reset();
  collect.join();
  ::close(reader);

  std::uint64_t arrived = 0;
  std::uint64_t lost = 0;
  std::istringstream in{text};
  const std::string report = "<4>log.lines_lost lost=";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(report)) {
      lost += std::stoull(line.substr(report.size()));
    } else {
      ++arrived;
    }
  }
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(arrived + lost, written);
}

}  // namespace
}  // namespace godwit::observe
