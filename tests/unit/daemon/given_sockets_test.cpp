#include "daemon/given_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace godwit::daemon {
namespace {

/// Where nothing else of the test program is open.
constexpr int first = 300;

void put_file_at(int number) {
  const int fd = ::open("/dev/null", O_RDONLY);
  ASSERT_EQ(::dup2(fd, number), number);
  ::close(fd);
}

void announce(const std::string& pid, const char* count, const char* names) {
  ::setenv("LISTEN_PID", pid.c_str(), 1);
  ::setenv("LISTEN_FDS", count, 1);
  ::setenv("LISTEN_FDNAMES", names, 1);
}

std::string me() {
  return std::to_string(::getpid());
}

TEST(TakeGivenSockets, TakesWhatTheEnvironmentNames) {
  for (int i = 0; i < 3; ++i) put_file_at(first + i);
  announce(me(), "3", "phones:");
  const auto all = take_given_sockets(first);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "phones");
  EXPECT_EQ(all[1].name, "unknown");
  EXPECT_EQ(all[2].name, "unknown");
  for (int i = 0; i < 3; ++i) {
    const int fd = all[static_cast<std::size_t>(i)].socket.value();
    EXPECT_EQ(fd, first + i);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    EXPECT_EQ(std::getenv(variable), nullptr);
  }
}

TEST(TakeGivenSockets, LeavesThoseOfAnotherProcessAlone) {
  put_file_at(first);
  announce("1", "1", "phones");
  EXPECT_TRUE(take_given_sockets(first).empty());
  EXPECT_GE(::fcntl(first, F_GETFD), 0);
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
  ::close(first);
}

TEST(TakeGivenSockets, IsNothingWithoutTheVariables) {
  EXPECT_TRUE(take_given_sockets(first).empty());
}

TEST(TakeGivenSockets, RefusesWhatIsNotThere) {
  announce(me(), "1", "phones");
  EXPECT_THROW(static_cast<void>(take_given_sockets(first)), std::runtime_error);
  for (const char* count : {"-1", "many", "1x", "99999999999", "1001"}) {
    announce(me(), count, "phones");
    EXPECT_THROW(static_cast<void>(take_given_sockets(first)), std::runtime_error) << count;
  }
}

}  // namespace
}  // namespace godwit::daemon
