#include "conformance/broker_test.hpp"
#include "conformance/v5_test.hpp"

/// Two devices with one client id: each connects again as soon as the other has taken its session.

namespace godwit::conformance {
namespace {

using namespace std::chrono_literals;

class Flapping : public broker_test {
 protected:
  Flapping() {
    options.limits.takeovers_max = 3;
    options.limits.takeover_window = 60s;
  }
  /// Connects four times: a beginning and three takeovers.
  peer use_up(bool clean = true) {
    std::optional<peer> last;
    for (int i = 0; i < 4; ++i)
      last.emplace(join({.version = version(), .id = "twin", .clean = clean}));
    return *last;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Flapping, both_versions, name_of);

TEST_P(Flapping, TheHolderKeepsTheIdWhenItWasTakenTooOften) {
  for (const bool clean : {true, false}) {
    auto holder = use_up(clean);
    auto other = open();
    other.send(hello("twin", clean).bytes());
    other.expect_end(connack(0, 3));
    holder.expect_alive();
    holder.cut();
    pass(60s);
  }
  EXPECT_EQ(broker().counters()[observe::connect_refusal::taken_over_too_often], 2U);
  EXPECT_EQ(broker().counters()[observe::counter::sessions_taken_over], 6U);
}

TEST_P(Flapping, IsOverWhenTheWindowIs) {
  auto holder = use_up();
  pass(59s);
  auto early = open();
  early.send(hello("twin").bytes());
  early.expect_end(connack(0, 3));
  pass(1s);
  auto later = join("twin");
  holder.expect_end();
  later.expect_alive();
}

TEST_P(Flapping, NeverKeepsAClientOutWhoseConnectionIsGone) {
  auto holder = use_up();
  holder.cut();
  auto again = join("twin");
  again.expect_alive();
}

TEST_P(Flapping, OfOneIdIsNoneOfAnother) {
  auto holder = use_up();
  auto someone = join("someone");
  auto elsewhere = join("someone");
  someone.expect_end();
  elsewhere.expect_alive();
}

TEST_P(Flapping, IsInTheLogWithTheKeyThatLimitsIt) {
  auto holder = use_up();
  for (int i = 0; i < 200; ++i) {
    auto other = open();
    other.send(hello("twin").bytes());
    other.expect_end(connack(0, 3));
  }
  const auto lines = broker().log().count("client.taken_over_too_often");
  EXPECT_GE(lines, 1U);
  EXPECT_LE(lines, 100U) << "one shard writes a few lines and counts the rest";
  EXPECT_EQ(broker().log().last("client.taken_over_too_often")->field("limit"),
            "session.takeovers_max");
}

TEST_P(Flapping, IsNotLookedAtWithoutALimit) {
  options.limits.takeovers_max = 0;
  for (int i = 0; i < 50; ++i) {
    auto p = join("twin");
    p.expect_alive();
  }
}

}  // namespace

namespace five {
namespace {

class FlappingV5 : public v5_test {};
INSTANTIATE_TEST_SUITE_P(Shards, FlappingV5, one_and_three_shards, shards_of);

TEST_P(FlappingV5, IsToldThatAQuotaIsExceeded) {
  options.limits.takeovers_max = 1;
  auto first = join("twin");
  auto second = join("twin");
  expect_goodbye(first, 0x8E);
  EXPECT_EQ(refusal_of(connect{.id = "twin"}.bytes()).code, 0x97U);
  expect_alive(second);
}

}  // namespace
}  // namespace five
}  // namespace godwit::conformance
