#include "takeover_damper.hpp"

#include <gtest/gtest.h>

#include <string>

namespace godwit::broker {
namespace {

using namespace std::chrono_literals;

constexpr base::steady_time start{1h};

TEST(TakeoverDamper, AdmitsSoManyInAWindow) {
  takeover_damper d{{.takeovers_max = 2, .window = 10s}, {1, 2}};
  EXPECT_TRUE(d.admits("a", start));
  EXPECT_TRUE(d.admits("a", start + 9s));
  EXPECT_FALSE(d.admits("a", start + 9s));
  EXPECT_TRUE(d.admits("b", start + 9s));
  EXPECT_TRUE(d.admits("a", start + 10s)) << "a new window";
}

TEST(TakeoverDamper, WithoutALimitRemembersNobody) {
  takeover_damper d{{.takeovers_max = 0, .window = 10s}, {1, 2}};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(d.admits("a", start));
  EXPECT_EQ(d.size(), 0U);
}

TEST(TakeoverDamper, HasRoomForSoManyClients) {
  takeover_damper d{{.takeovers_max = 2, .window = 10s, .clients_max = 100}, {1, 2}};
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(d.admits(std::to_string(i), start + i * 1ms));
    EXPECT_LE(d.size(), 100U);
  }
}

}  // namespace
}  // namespace godwit::broker
