#include "stored_log.hpp"
#include "support/clause.hpp"

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageLog, IsRestoredWithItsQueueItsWindowAndItsIds) {
  clause("v311 MQTT-3.1.2-5");
  stored_log l;
  l.rules.window = 3;
  for (std::uint64_t m = 1; m <= 5; ++m) l.add(m, m == 2 ? q2 : q1);
  l.pump();
  l.sync();
  ASSERT_THAT(l.pump(), ElementsAre("m2 q2 #2", "m3 q1 #3"));
  l.sync();
  l.crash();
  EXPECT_EQ(l.log.size(), 5U);
  EXPECT_EQ(l.log.bytes(), 15U);
  EXPECT_EQ(l.log.inflight(), 3U);
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup", "m2 q2 #2 dup", "m3 q1 #3 dup"));
  l.puback(1);
  l.puback(3);
  EXPECT_THAT(l.pump(), ElementsAre("m4 q1 #4", "m5 q1 #5"));
}

TEST(MessageLog, IsRestoredAsItWasInTheLastDurableBatch) {
  stored_log l;
  l.add(1, q1);
  l.pump();
  l.sync();
  l.puback(1);
  l.add(2, q1);
  l.submit_all();  // and not durable
  l.crash();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup"));
}

TEST(MessageLog, GoesOnWithPubrelAfterACrash) {
  clause("v311 MQTT-4.3.3-1");
  stored_log l;
  l.add(1, q2);
  l.add(2, q2);
  l.pump();
  l.sync();
  ASSERT_THAT(l.pump(), ElementsAre("m1 q2 #1", "m2 q2 #2"));
  l.pubrec(2);
  l.sync();
  ASSERT_THAT(l.pump(), ElementsAre("rel #2"));
  l.crash();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1 dup", "rel #2"));
  EXPECT_EQ(l.pubcomp(2), outcome::done);
  l.sync();
  l.crash();
  EXPECT_EQ(l.log.size(), 1U);
}

// A second PUBLISH under another id would be a second delivery.
TEST(MessageLog, SendsQos2UnderTheSameIdAfterACrashAtAnyMoment) {
  clause("v311 MQTT-4.3.3-1");
  for (std::size_t durable = 0; durable <= 2; ++durable) {
    SCOPED_TRACE(durable);
    stored_log l;
    l.add(1, q1);
    l.add(2, q1);
    l.pump();
    l.puback(1);
    l.puback(2);
    l.add(3, q2);
    l.submit_all();
    EXPECT_THAT(l.pump(), IsEmpty());
    l.submit_all();
    l.commit(durable);
    const auto sent = l.pump();
    l.crash();
    l.log.resume();
    auto again = l.pump();
    l.sync();
    const auto more = l.pump();
    again.insert(again.end(), more.begin(), more.end());
    if (durable == 0) {
      EXPECT_THAT(sent, IsEmpty());
      EXPECT_THAT(again, IsEmpty());
    } else if (durable == 1) {
      EXPECT_THAT(sent, IsEmpty());
      EXPECT_THAT(again, ElementsAre("m3 q2 #1"));
    } else {
      EXPECT_THAT(sent, ElementsAre("m3 q2 #3"));
      EXPECT_THAT(again, ElementsAre("m3 q2 #3 dup"));
    }
  }
}

TEST(MessageLog, GivesIdsAboveTheRestoredOnes) {
  stored_log l;
  for (std::uint64_t m = 1; m <= 3; ++m) l.add(m, q1);
  l.pump();
  l.puback(1);
  l.puback(2);
  l.sync();
  l.crash();
  l.add(4, q1);
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #3 dup", "m4 q1 #4"));
}

TEST(MessageLog, NeverUsesAPositionTwice) {
  stored_log l;
  const log_position gone = l.add(1, q1);
  l.add(2, q1, 77);  // its commit never comes
  l.pump();
  l.puback(1);
  l.sync();
  l.crash();
  EXPECT_TRUE(l.log.empty());
  EXPECT_GT(l.add(3, q1), log_position{gone.value() + 1});
}

TEST(MessageLog, IsRestoredWithoutWhatWasTentative) {
  stored_log l;
  l.add(1, q1, 77);
  const log_position certain = l.add(2, q1, 78);
  l.records.write(store::committed{mqtt::message_number{78}});
  l.sync();
  l.log.commit(certain);
  l.crash();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #1"));
}

TEST(MessageLog, IsRestoredWhileAMessageMovesToAnotherMember) {
  stored_log l;
  l.add(1, q1, 0, "$share/g/f");
  l.add(2, q1);
  ASSERT_TRUE(l.log.take_share());
  l.log.resume();
  EXPECT_THAT(l.pump(), IsEmpty());
  l.sync();
  l.crash();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1", "m2 q1 #2"));
}

// After the crash of an ended session all that is left of it must still find another member.
TEST(MessageLog, OfAnEndedSessionIsRestoredReadyToMove) {
  stored_log l;
  l.add(1, q1, 0, "$share/g/f");
  l.add(2, q2, 0, "$share/g/f");
  l.pump();
  ASSERT_EQ(l.log.inflight(), 2U);
  l.records.write(store::session_ended{persistent});
  l.log.end_session(l.records);
  l.sync();
  l.crash();
  EXPECT_EQ(l.log.size(), 2U);
  for (std::uint64_t m = 1; m <= 2; ++m) {
    const auto moving = l.log.take_share();
    ASSERT_TRUE(moving);
    EXPECT_EQ(moving->message->number().value(), m);
    l.log.remove(moving->position, {}, l.records);
  }
  l.sync();
  EXPECT_EQ(l.disk.count().sessions, 0U);
}

}  // namespace
}  // namespace godwit::session::test
