#include "daemon/control_socket.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace godwit::daemon {
namespace {

class ControlSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "godwit-control-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::string directory;
};

TEST_F(ControlSocket, AnswersOneLineWithOneLine) {
  control_socket server{directory};
  std::thread broker{[&] {
    server.serve_one([](std::string_view request) { return "got " + std::string{request}; });
  }};
  EXPECT_EQ(ask_running(directory, "backup /tmp/x"), "got backup /tmp/x");
  broker.join();
}

TEST_F(ControlSocket, IsForItsOwnerOnly) {
  const control_socket server{directory};
  struct stat found {};
  ASSERT_EQ(::stat((directory + "/control").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(ControlSocket, WorksInADirectoryWithALongName) {
  const std::string deep = directory + "/" + std::string(200, 'd');
  std::filesystem::create_directory(deep);
  control_socket server{deep};
  std::thread broker{
      [&] { server.serve_one([](std::string_view) { return std::string{"yes"}; }); }};
  EXPECT_EQ(ask_running(deep, "there?"), "yes");
  broker.join();
}

TEST_F(ControlSocket, TellsThatNobodyRuns) {
  EXPECT_EQ(ask_running(directory, "there?"), std::nullopt);
  { const control_socket gone{directory}; }
  EXPECT_EQ(ask_running(directory, "there?"), std::nullopt);
}

}  // namespace
}  // namespace godwit::daemon
