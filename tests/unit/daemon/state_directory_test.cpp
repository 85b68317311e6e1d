#include "daemon/state_directory.hpp"

#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

TEST(StateDirectory, IsTheServicesFirst) {
  EXPECT_EQ(default_state_directory({"/var/lib/godwit", "/home/a/state", "/home/a"}),
            "/var/lib/godwit/store");
  EXPECT_EQ(default_state_directory({"/var/lib/godwit:/var/lib/other", "", ""}),
            "/var/lib/godwit/store");
}

TEST(StateDirectory, IsInTheUsersStateHomeOtherwise) {
  EXPECT_EQ(default_state_directory({"", "/home/a/state", "/home/a"}), "/home/a/state/godwit");
  EXPECT_EQ(default_state_directory({"", "", "/home/a"}), "/home/a/.local/state/godwit");
}

TEST(StateDirectory, IgnoresRelativePaths) {
  EXPECT_EQ(default_state_directory({"state", "x", "/home/a"}), "/home/a/.local/state/godwit");
  EXPECT_EQ(default_state_directory({"", "", "a"}), std::nullopt);
}

}  // namespace
}  // namespace godwit::daemon
