#include "daemon/surroundings.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace godwit::daemon {
namespace {

config::configuration with_limits(std::uint32_t whole, std::uint32_t listener) {
  config::configuration c;
  c.connections_max = whole;
  for (config::listener& l : c.listeners) l.options.connections_max = listener;
  return c;
}

TEST(FilesNeeded, FollowsTheTighterLimitOfConnections) {
  EXPECT_EQ(files_needed(with_limits(0, 0), 2).connections, 0U);
  EXPECT_EQ(files_needed(with_limits(1'000, 0), 2).connections, 1'000U);
  EXPECT_EQ(files_needed(with_limits(1'000, 300), 2).connections, 600U);
  EXPECT_EQ(files_needed(with_limits(500, 300), 2).connections, 500U);
  EXPECT_EQ(files_needed(with_limits(0, 300), 2).connections, 600U);
}

TEST(FilesNeeded, CountsTheBrokersOwnFilesAndTheReserve) {
  const auto c = with_limits(1'000, 0);
  const auto two = files_needed(c, 2).files;
  EXPECT_GT(two, 1'000U + c.net.files_reserved);
  EXPECT_GT(files_needed(c, 8).files, two);
  EXPECT_LT(files_needed(with_limits(0, 0), 2).files, 64U);
}

TEST(TakeNotifySocket, TakesItOutOfTheEnvironment) {
  ::setenv("NOTIFY_SOCKET", "@x", 1);
  EXPECT_EQ(take_notify_socket(), "@x");
  EXPECT_EQ(take_notify_socket(), "");
}

TEST(TakeWatchdog, IsForTheProcessThatTheEnvironmentNames) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(take_watchdog(), std::chrono::seconds{3});
  EXPECT_EQ(take_watchdog(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(take_watchdog(), std::chrono::seconds{3});
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(take_watchdog(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "often", 1);
  EXPECT_EQ(take_watchdog(), std::nullopt);
}

TEST(MemoryInUse, GrowsWithWhatTheProcessTouches) {
  constexpr std::size_t much = 64'000'000;
  const auto before = memory_in_use();
  ASSERT_GT(before, 0U);
  const std::string touched(much, 'x');
  EXPECT_GT(memory_in_use(), before + much / 2);
  EXPECT_EQ(touched.back(), 'x');
}

TEST(StderrIsJournal, OnlyWhenItIsTheStreamThatTheEnvironmentNames) {
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  EXPECT_FALSE(stderr_is_journal());
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(stderr_is_journal());
}

TEST(DefaultShards, IsAtLeastOne) {
  EXPECT_GE(default_shards(), 1U);
  EXPECT_LE(default_shards(), 64U);
}

}  // namespace
}  // namespace godwit::daemon
