#include "support/clause.hpp"
#include "wire_log.hpp"

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageLog, DropsTheOldestThatWasNeverSent) {
  wire_log l{persistent};
  l.rules.window = 1;
  for (std::uint64_t m = 1; m <= 3; ++m) l.add(m, q1);
  l.pump();
  l.submit();
  const tally t = l.log.drop_oldest_unsent(l.records);
  EXPECT_EQ(t.count, 1U);
  EXPECT_EQ(t.bytes, 3U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 2"));
  l.puback(1);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #2"));
}

TEST(MessageLog, NeverDropsWhatHasAPacketId) {
  wire_log l{persistent};
  l.add(1, q1);
  l.add(2, q2);  // waits for the disk
  l.pump();
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).count, 0U);
  l.log.suspend();
  l.log.resume();
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).count, 0U);
  EXPECT_EQ(l.log.drop_older_than(at_second(5'000), l.records).count, 0U);
  EXPECT_EQ(l.log.size(), 2U);
}

TEST(MessageLog, DropsNoTentativeMessage) {
  wire_log l{persistent};
  l.add(1, q1, 9);
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).count, 0U);
  l.add(2, q1);
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).count, 1U);
  EXPECT_EQ(l.log.size(), 1U);
}

TEST(MessageLog, DropsWhatArrivedBeforeATime) {
  wire_log l{persistent};
  l.rules.window = 1;
  for (const int second : {10, 11, 12, 13}) {
    const auto number = static_cast<std::uint64_t>(second);
    l.log.add({numbered(number, at_second(second)), q1, false, {}, {}}, l.records);
  }
  EXPECT_THAT(l.pump(), ElementsAre("m10 q1 #1"));
  l.submit();
  EXPECT_EQ(l.log.drop_older_than(at_second(13), l.records).count, 2U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 2", "rem 3"));
  EXPECT_EQ(l.log.size(), 2U);
}

TEST(MessageLog, ExpiresMessagesWhenTheirTurnToBeSentComes) {
  wire_log l{persistent};
  const auto add = [&](std::uint64_t m, qos_level q, std::uint32_t expiry) {
    l.log.add({numbered(m, at_second(1'000), expiry), q, false, {}, {}}, l.records);
  };
  add(1, q1, 10);
  add(2, q0, 10);
  add(3, q1, 11);
  l.submit();
  l.rules.now = at_second(1'010);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #1"));
  EXPECT_EQ(l.too_old.count, 2U);
  EXPECT_EQ(l.too_old.bytes, 6U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1", "sent 2 #1"));
  EXPECT_EQ(l.log.size(), 1U);
}

TEST(MessageLog, DropsWhatIsAboveTheAgeLimitInsteadOfSendingIt) {
  wire_log l;
  l.add(1, q1);
  l.rules.oldest = at_second(1'001);
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_EQ(l.too_old.count, 1U);
  EXPECT_TRUE(l.log.empty());
}

TEST(MessageLog, ResendsWhatExpiredAfterItWasSent) {
  wire_log l;
  l.log.add({numbered(1, at_second(1'000), 10), q1, false, {}, {}}, l.records);
  l.pump();
  l.log.resume();
  l.rules.now = at_second(9'000);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup"));
}

/// The first one got its packet id before it expired, and waited for the disk.
TEST(MessageLog, SendsNothingThatExpiredBeforeItLeft) {
  wire_log l{persistent};
  l.log.add({numbered(1, at_second(1'000), 10), q2, false, {}, {}}, l.records);
  l.add(2, q2);
  EXPECT_THAT(l.pump(), IsEmpty());
  l.make_durable();
  l.rules.now = at_second(1'010);
  EXPECT_THAT(l.pump(), ElementsAre("m2 q2 #2"));
  EXPECT_EQ(l.too_old.count, 1U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1"));
  EXPECT_EQ(l.log.inflight(), 1U);
}

TEST(MessageLog, KeepsAllMessagesBytesInBoundsBehindAStuckOne) {
  wire_log l;
  l.rules.window = 1;
  l.add(1, q1);
  l.pump();
  const auto one = numbered(2);
  for (int i = 0; i < 100'000; ++i) {
    l.log.add({one, q1, false, {}, {}}, l.records);
    if (i >= 10) {
      ASSERT_EQ(l.log.drop_oldest_unsent(l.records).count, 1U);
    }
  }
  EXPECT_EQ(l.log.size(), 11U);
  EXPECT_LE(l.log.allocated_bytes(), 256U * 32U);
  EXPECT_EQ(one->use_count(), 11U);
}

// With a look at all gaps for each drop this would take minutes.
TEST(MessageLog, DropsTheOldestOfALongQueueCheaply) {
  wire_log l;
  l.rules.window = 1;
  l.add(1, q1);
  l.pump();
  const auto one = numbered(2);
  for (int i = 0; i < 200'000; ++i) l.log.add({one, q1, false, {}, {}}, l.records);
  for (int i = 0; i < 200'000; ++i) {
    l.log.add({one, q1, false, {}, {}}, l.records);
    ASSERT_EQ(l.log.drop_oldest_unsent(l.records).count, 1U);
  }
  EXPECT_EQ(l.log.size(), 200'001U);
  EXPECT_LE(l.log.allocated_bytes(), 201'000U * 33U * 2U);
}

TEST(MessageLog, GivesTheMemoryOfABurstBack) {
  wire_log l;
  l.add(1, q1);
  for (std::uint64_t m = 2; m <= 10'000; ++m) l.add(m, q0);
  EXPECT_EQ(l.pump().size(), 10'000U);
  EXPECT_EQ(l.log.size(), 1U);
  EXPECT_LE(l.log.allocated_bytes(), 64U * 32U);
  l.puback(1);
  EXPECT_TRUE(l.log.empty());
}

// Positions, ids and what was sent survive the closing of gaps.
TEST(MessageLog, GoesOnAfterItsGapsWereClosed) {
  wire_log l;
  for (std::uint64_t m = 1; m <= 400; ++m) l.add(m, q1);
  l.rules.window = 300;
  ASSERT_EQ(l.pump().size(), 300U);
  for (std::uint16_t id = 2; id <= 300; ++id) {
    if (id != 150 && id != 299) {
      ASSERT_EQ(l.puback(id), outcome::done);
    }
  }
  EXPECT_EQ(l.log.inflight(), 3U);
  EXPECT_EQ(l.pump().size(), 100U);
  EXPECT_EQ(l.puback(150), outcome::done);
  l.log.resume();
  const auto again = l.pump();
  ASSERT_EQ(again.size(), 102U);
  EXPECT_EQ(again[0], "m1 q1 #1 dup");
  EXPECT_EQ(again[1], "m299 q1 #299 dup");
  EXPECT_EQ(again[2], "m301 q1 #301 dup");
  EXPECT_EQ(again[101], "m400 q1 #400 dup");
}

TEST(MessageLog, ResendsEverythingWhenItsGapsCloseBeforeItCould) {
  wire_log l;
  l.rules.window = 300;
  for (std::uint64_t m = 1; m <= 300; ++m) l.add(m, q1);
  l.pump();
  l.log.resume();
  for (std::uint16_t id = 2; id <= 200; ++id) l.puback(id);
  const auto again = l.pump();
  ASSERT_EQ(again.size(), 101U);
  EXPECT_EQ(again[0], "m1 q1 #1 dup");
  EXPECT_EQ(again[1], "m201 q1 #201 dup");
}

TEST(MessageLog, KnowsWhatWaitsForTheDiskWhenItsGapsClose) {
  wire_log l{persistent};
  l.rules.window = 300;
  for (std::uint64_t m = 1; m <= 150; ++m) l.add(m, m == 120 ? q2 : q1);
  ASSERT_EQ(l.pump().size(), 119U);
  for (std::uint16_t id = 2; id <= 110; ++id) l.puback(id);
  EXPECT_EQ(l.pump().size(), 0U);
  l.make_durable();
  const auto rest = l.pump();
  ASSERT_EQ(rest.size(), 31U);
  EXPECT_EQ(rest[0], "m120 q2 #120");
}

}  // namespace
}  // namespace godwit::session::test
