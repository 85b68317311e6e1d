#include "support/clause.hpp"
#include "wire_log.hpp"

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageLog, ResumesWithWhatIsInFlightThenTheQueueInTheOriginalOrder) {
  clause("v311 MQTT-4.4.0-1");
  clause("v311 MQTT-3.3.1-1");
  clause("v311 MQTT-4.6.0-1");
  wire_log l;
  l.rules.window = 3;
  for (std::uint64_t m = 1; m <= 4; ++m) l.add(m, m == 2 ? q2 : q1);
  l.pump();
  l.log.suspend();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup", "m2 q2 #2 dup", "m3 q1 #3 dup"));
  l.puback(1);
  EXPECT_THAT(l.pump(), ElementsAre("m4 q1 #4"));
}

TEST(MessageLog, ResumesWithPubrelAfterPubrec) {
  clause("v311 MQTT-4.4.0-1");
  wire_log l;
  for (std::uint64_t m = 1; m <= 4; ++m) l.add(m, q2);
  l.pump();
  l.pubrec(3);
  l.pump();
  l.pubrec(1);  // its PUBREL is not out when the connection ends
  l.log.suspend();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("rel #1", "m2 q2 #2 dup", "rel #3", "m4 q2 #4 dup"));
  EXPECT_THAT(l.pump(), IsEmpty());
}

TEST(MessageLog, ResumesAPubrelOnlyWhenItsRecordIsDurable) {
  wire_log l{persistent};
  l.add(1, q2);
  l.add(2, q1);
  l.pump();
  l.make_durable();
  l.pump();
  l.pubrec(1);
  l.log.suspend();
  l.log.resume();
  EXPECT_THAT(l.pump(), IsEmpty()) << "and holds back those behind";
  EXPECT_TRUE(l.log.waits_for_disk());
  l.make_durable();
  EXPECT_THAT(l.pump(), ElementsAre("rel #1", "m2 q1 #2 dup"));
}

TEST(MessageLog, SendsWithoutDupWhatHadAnIdButWasNeverSent) {
  clause("v311 MQTT-3.3.1-1");
  wire_log l{persistent};
  l.add(1, q2);
  EXPECT_THAT(l.pump(), IsEmpty());  // waits for the disk
  l.log.suspend();
  l.make_durable();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
}

// The batch of a message that waits is still known after any number of batches of other sessions.
TEST(MessageLog, ResumesAfterAnyNumberOfBatches) {
  wire_log l{persistent};
  l.add(1, q2);
  l.pump();
  l.log.suspend();
  l.log.resume();
  l.rules.durable = batch_number{3'000'000'000};
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
}

TEST(MessageLog, AcceptsAcknowledgementsBeforeItHasResent) {
  wire_log l;
  l.add(1, q1);
  l.add(2, q2);
  l.add(3, q2);
  l.pump();
  l.pubrec(3);
  l.pump();
  l.log.suspend();
  l.log.resume();
  EXPECT_EQ(l.puback(1), outcome::done);
  EXPECT_EQ(l.pubcomp(3), outcome::done);
  EXPECT_THAT(l.pump(), ElementsAre("m2 q2 #2 dup"));
}

TEST(MessageLog, DropsQos0WhenTheConnectionEnds) {
  wire_log l;
  l.rules.window = 1;
  l.add(1, q1);
  l.add(2, q1);
  l.add(3, q0);
  l.add(4, q1);
  l.add(5, q0);
  l.pump();
  const tally dropped = l.log.suspend();
  EXPECT_EQ(dropped.count, 2U);
  EXPECT_EQ(dropped.bytes, 6U);
  EXPECT_EQ(l.log.size(), 3U);
  l.rules.window = 9;
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup", "m2 q1 #2", "m4 q1 #3"));
}

TEST(MessageLog, RetriesOnALiveConnection) {
  clause("v31 M31-retry-1");
  wire_log l;
  l.add(1, q1);
  l.add(2, q2);
  l.pump();
  l.pubrec(2);
  l.pump();
  l.log.retry();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup", "rel #2"));
  l.puback(1);
  l.add(3, q1);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #3"));
}

}  // namespace
}  // namespace godwit::session::test
