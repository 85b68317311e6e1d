#include <godwit/admin/control_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace godwit::admin {
namespace {

using ::testing::ElementsAre;

void say_twice(std::string_view request, control_peer& peer) {
  peer.say("row of " + std::string{request});
  peer.say("done");
}

class ControlServer : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "godwit-control-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
    options.path = directory + "/control";
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  /// What comes for a request; nothing: nobody listens.
  std::vector<std::string> ask(const std::string& request) const {
    std::vector<std::string> lines;
    if (!ask_control(options.path, request, [&](auto line) { lines.emplace_back(line); })) {
      lines.emplace_back("nobody");
    }
    return lines;
  }
  /// A connection that has not sent anything.
  [[nodiscard]] net::unique_fd connect() const {
    net::unique_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, options.path.c_str(), sizeof a.sun_path - 1);
    EXPECT_EQ(::connect(fd.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a), 0);
    return fd;
  }

  std::string directory;
  control_options options;
};

TEST_F(ControlServer, AnswersOneLineWithLines) {
  const control_server server{options, say_twice};
  EXPECT_THAT(ask("hello"), ElementsAre("row of hello", "done"));
  EXPECT_THAT(ask("again"), ElementsAre("row of again", "done"));
}

TEST_F(ControlServer, IsForItsUserAndGroupOnly) {
  const control_server server{options, say_twice};
  struct stat found {};
  ASSERT_EQ(::stat(options.path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0660U);
}

TEST_F(ControlServer, KnowsWhoAsks) {
  const control_server server{
      options, [](std::string_view, control_peer& peer) { peer.say(std::to_string(peer.user())); }};
  EXPECT_THAT(ask("who"), ElementsAre(std::to_string(::getuid())));
}

TEST_F(ControlServer, WorksInADirectoryWithALongName) {
  const std::string deep = directory + "/" + std::string(200, 'd');
  std::filesystem::create_directory(deep);
  options.path = deep + "/control";
  const control_server server{options, say_twice};
  EXPECT_THAT(ask("there?"), ElementsAre("row of there?", "done"));
}

TEST_F(ControlServer, LeavesNothingBehind) {
  EXPECT_THAT(ask("there?"), ElementsAre("nobody"));
  { const control_server gone{options, say_twice}; }
  EXPECT_FALSE(std::filesystem::exists(options.path));
  EXPECT_THAT(ask("there?"), ElementsAre("nobody"));
}

TEST_F(ControlServer, TakesThePlaceOfOneThatWasKilled) {
  {
    const net::unique_fd dead{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, options.path.c_str(), sizeof a.sun_path - 1);
    ASSERT_EQ(::bind(dead.value(), reinterpret_cast<const sockaddr*>(&a), sizeof a), 0);
  }
  const control_server server{options, say_twice};
  EXPECT_THAT(ask("there?"), ElementsAre("row of there?", "done"));
}

TEST_F(ControlServer, LeavesASocketThatIsInUseAndAFileThatIsNone) {
  const control_server first{options, say_twice};
  EXPECT_THROW((control_server{options, say_twice}), std::system_error);
  EXPECT_THAT(ask("first?"), ElementsAre("row of first?", "done"));

  control_options wrong = options;
  wrong.path = directory + "/notes";
  std::ofstream{wrong.path} << "precious";
  EXPECT_THROW((control_server{wrong, say_twice}), std::system_error);
  EXPECT_EQ(std::filesystem::file_size(wrong.path), 8U);
}

TEST_F(ControlServer, DoesNotWaitForWhoSaysNothingWhenItEnds) {
  options.idle_max = std::chrono::hours{1};
  net::unique_fd silent;
  {
    options.threads = 1;
    const control_server server{options, say_twice};
    silent = connect();
    EXPECT_EQ(::send(silent.value(), "half a li", 9, MSG_NOSIGNAL), 9);
  }
  char byte = 0;
  EXPECT_LE(::recv(silent.value(), &byte, 1, 0), 0) << "its end";
}

TEST_F(ControlServer, ClosesOnARequestThatIsTooLong) {
  options.request_bytes_max = 100;
  const control_server server{options, say_twice};
  EXPECT_THAT(ask(std::string(100'000, 'x')), ElementsAre());
}

}  // namespace
}  // namespace godwit::admin
