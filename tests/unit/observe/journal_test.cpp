#include <godwit/observe/journal.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace std::string_view_literals;

namespace godwit::observe {
namespace {

std::string entry(const std::vector<log_field>& fields, log_format format = log_format::text,
                  log_level level = log_level::info) {
  return format_journal_entry({level, {}, "client.connected", fields}, format);
}

TEST(JournalEntry, HasEachFieldByItsName) {
  EXPECT_EQ(entry({{"client", "x"}, {"keep_alive_s", 60}, {"clean", true}, {"rate", 0.5}}),
            "PRIORITY=6\n"
            "MESSAGE=client.connected client=\"x\" keep_alive_s=60 clean=true rate=0.5\n"
            "SYSLOG_IDENTIFIER=godwitd\n"
            "GODWIT_EVENT=client.connected\n"
            "GODWIT_CLIENT=x\n"
            "GODWIT_KEEP_ALIVE_S=60\n"
            "GODWIT_CLEAN=true\n"
            "GODWIT_RATE=0.5\n");
}

TEST(JournalEntry, HasThePriorityOfItsLevel) {
  EXPECT_TRUE(entry({}, log_format::text, log_level::error).starts_with("PRIORITY=3\n"));
  EXPECT_TRUE(entry({}, log_format::text, log_level::warn).starts_with("PRIORITY=4\n"));
  EXPECT_TRUE(entry({}, log_format::text, log_level::debug).starts_with("PRIORITY=7\n"));
}

TEST(JournalEntry, HasTheLineInTheFormatThatIsAskedFor) {
  EXPECT_THAT(entry({{"client", "x"}}, log_format::json),
              testing::HasSubstr("\nMESSAGE={\"time\":\"1970-01-01T00:00:00.000Z\","
                                 "\"level\":\"info\",\"event\":\"client.connected\","
                                 "\"client\":\"x\"}\n"));
}

TEST(JournalEntry, APeerCannotForgeAFieldOrAnEntry) {
  const std::string text = entry({{"client", "a\nPRIORITY=0\nGODWIT_EVENT=x\n\nMESSAGE=\\\xff"sv}});
  EXPECT_THAT(text, testing::EndsWith("\nGODWIT_CLIENT=a\\x0aPRIORITY=0\\x0aGODWIT_EVENT=x"
                                      "\\x0a\\x0aMESSAGE=\\\\\\xff\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST(JournalEntry, CutsLongTexts) {
  EXPECT_THAT(entry({{"client", std::string(1'000, 'x')}}),
              testing::EndsWith("\nGODWIT_CLIENT=" + std::string(128, 'x') + "...\n"));
}

/// A journal that keeps what it is sent, and a file in place of standard error.
class JournalSink : public ::testing::Test {
 protected:
  JournalSink() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "godwit-journal-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    stderr_ = ::dup(STDERR_FILENO);
    const int file = ::open(path("stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~JournalSink() override {
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    close_journal();
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] std::string path(const std::string& file) const { return directory_ + "/" + file; }
  void open_journal() {
    journal_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(journal_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const std::string at = path("socket");
    std::memcpy(name.sun_path, at.c_str(), at.size());
    ASSERT_EQ(::bind(journal_, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
  void close_journal() {
    if (journal_ >= 0) ::close(journal_);
    journal_ = -1;
    ::unlink(path("socket").c_str());
  }
  [[nodiscard]] std::string receive() const {
    std::array<char, 65'536> buffer{};
    const ssize_t n = ::recv(journal_, buffer.data(), buffer.size(), 0);
    return n < 0 ? "nothing came" : std::string(buffer.data(), static_cast<std::size_t>(n));
  }
  [[nodiscard]] std::string on_stderr() const {
    std::ifstream in{path("stderr")};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] std::unique_ptr<log_sink> sink(std::size_t queue_lines = 8'192) const {
    return make_journal_sink({.file = {}, .queue_lines = queue_lines}, path("socket"));
  }
  static void write(log_sink& to, std::uint64_t number) {
    const log_field field{"n", number};
    to.write({.level = log_level::warn, .time = {}, .event = "e", .fields = {&field, 1}});
  }

 private:
  std::string directory_;
  int stderr_ = -1;
  int journal_ = -1;
};

TEST_F(JournalSink, SendsEachEventAsOneDatagram) {
  open_journal();
  const auto log = sink();
  write(*log, 1);
  write(*log, 2);
  const std::string rest = "\nSYSLOG_IDENTIFIER=godwitd\nGODWIT_EVENT=e\nGODWIT_N=";
  EXPECT_EQ(receive(), "PRIORITY=4\nMESSAGE=e n=1" + rest + "1\n");
  EXPECT_EQ(receive(), "PRIORITY=4\nMESSAGE=e n=2" + rest + "2\n");
  EXPECT_EQ(on_stderr(), "");
}

TEST_F(JournalSink, WritesTheLineWhileNobodyListensAndGoesBack) {
  auto log = sink();
  write(*log, 1);
  log.reset();
  EXPECT_EQ(on_stderr(), "<4>e n=1\n");
  log = sink();
  open_journal();
  write(*log, 2);
  EXPECT_TRUE(receive().starts_with("PRIORITY=4\nMESSAGE=e n=2\n"));
  close_journal();
  open_journal();
  write(*log, 3);
  EXPECT_TRUE(receive().starts_with("PRIORITY=4\nMESSAGE=e n=3\n"));
  EXPECT_EQ(on_stderr(), "<4>e n=1\n");
}

// Nobody reads at first, so the system holds some datagrams, the queue a few more; were writers to
// wait, this test would not end.
TEST_F(JournalSink, NeverWaitsForASlowJournalAndReportsWhatItLost) {
  constexpr std::uint64_t written = 20'000;
  open_journal();
  const auto log = sink(16);
  for (std::uint64_t i = 0; i < written; ++i) write(*log, i);
  const std::string report = "PRIORITY=4\nMESSAGE=log.lines_lost lost=";
  std::uint64_t arrived = 0;
  std::uint64_t lost = 0;
  while (arrived + lost < written) {
    const std::string text = receive();
    if (text.starts_with(report)) {
      lost += std::stoull(text.substr(report.size()));
    } else if (text.starts_with("PRIORITY=4\nMESSAGE=e n=")) {
      ++arrived;
    } else {
      FAIL() << text;
    }
  }
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(arrived + lost, written);
}

}  // namespace
}  // namespace godwit::observe
