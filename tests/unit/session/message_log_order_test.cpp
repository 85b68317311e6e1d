#include "support/clause.hpp"
#include "wire_log.hpp"

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageLog, SendsInTheOrderOfTheLogWhateverTheQos) {
  clause("v311 MQTT-4.6.0-6");
  wire_log l;
  l.add(1, q2);
  l.add(2, q0);
  l.add(3, q1);
  l.add(4, q2);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1", "m2 q0", "m3 q1 #2", "m4 q2 #3"));
}

TEST(MessageLog, HoldsBackWhatIsBehindATentativeMessage) {
  wire_log l{persistent};
  l.add(1, q1);
  const log_position tentative = l.add(2, q1, 99);
  l.add(3, q1);
  l.add(4, q0);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1"));
  EXPECT_TRUE(l.log.has_unsent());
  l.log.commit(tentative);
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #2", "m3 q1 #3", "m4 q0"));
}

TEST(MessageLog, TakesACommitForAPositionThatIsGone) {
  wire_log l{persistent};
  const log_position tentative = l.add(1, q1, 99);
  l.log.remove(tentative, {}, l.records);
  l.log.commit(tentative);
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_TRUE(l.log.empty());
}

TEST(MessageLog, SendsQos1BeforeItIsDurable) {
  wire_log l{persistent};
  l.add(1, q1);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1"));
  EXPECT_FALSE(l.log.waits_for_disk());
}

TEST(MessageLog, SendsQos2OnceItsPacketIdIsDurableAndHoldsBackTheRest) {
  wire_log l{persistent};
  l.add(1, q2);
  l.add(2, q1);
  l.add(3, q0);
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_TRUE(l.log.waits_for_disk());
  const batch_number written = l.records.open_batch();
  EXPECT_THAT(l.submit(), ElementsAre("enq 1 m1", "enq 2 m2", "sent 1 #1", "sent 2 #2"));
  EXPECT_THAT(l.pump(), IsEmpty());
  l.rules.durable = written;
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1", "m2 q1 #2", "m3 q0"));
  EXPECT_FALSE(l.log.waits_for_disk());
}

TEST(MessageLog, SendsPubrelOnceThePubrecIsDurable) {
  clause("v311 MQTT-4.3.3-1");
  wire_log l{persistent};
  l.add(1, q2);
  l.pump();
  l.make_durable();
  ASSERT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
  EXPECT_EQ(l.pubrec(1), outcome::advanced);
  const batch_number written = l.records.open_batch();
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_TRUE(l.log.waits_for_disk());
  EXPECT_THAT(l.submit(), ElementsAre("rec 1"));
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_EQ(l.pubcomp(1), outcome::unknown) << "its PUBREL is not out yet";
  l.rules.durable = written;
  EXPECT_THAT(l.pump(), ElementsAre("rel #1"));
  EXPECT_EQ(l.pubcomp(1), outcome::done);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1"));
  EXPECT_TRUE(l.log.empty());
}

TEST(MessageLog, WaitsForNoDiskWithoutAPersistentSession) {
  wire_log l;
  l.add(1, q2);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
  l.pubrec(1);
  EXPECT_THAT(l.pump(), ElementsAre("rel #1"));
  EXPECT_EQ(l.pubcomp(1), outcome::done);
  EXPECT_TRUE(l.records.is_empty());
}

TEST(MessageLog, SendsPubrelsInTheOrderOfThePubrecs) {
  clause("v311 MQTT-4.6.0-4");
  wire_log l;
  for (std::uint64_t m = 1; m <= 3; ++m) l.add(m, q2);
  l.pump();
  l.pubrec(3);
  l.pubrec(1);
  l.pubrec(2);
  EXPECT_THAT(l.pump(), ElementsAre("rel #3", "rel #1", "rel #2"));
}

TEST(MessageLog, SendsPubrelAgainForARepeatedPubrec) {
  wire_log l;
  l.add(1, q2);
  l.pump();
  l.pubrec(1);
  EXPECT_EQ(l.pubrec(1), outcome::advanced) << "PUBREL not out yet: once is enough";
  EXPECT_THAT(l.pump(), ElementsAre("rel #1"));
  EXPECT_EQ(l.pubrec(1), outcome::advanced);
  EXPECT_THAT(l.pump(), ElementsAre("rel #1"));
}

TEST(MessageLog, KnowsNoAcknowledgementThatDoesNotFit) {
  wire_log l{persistent};
  l.rules.window = 2;
  l.add(1, q1);
  l.add(2, q2);
  l.add(3, q1);
  l.pump();
  EXPECT_EQ(l.pubrec(2), outcome::unknown) << "has an id, was not sent";
  l.make_durable();
  l.pump();
  EXPECT_EQ(l.puback(0), outcome::unknown);
  EXPECT_EQ(l.puback(3), outcome::unknown) << "not in the window";
  EXPECT_EQ(l.puback(2), outcome::unknown) << "PUBACK for QoS 2";
  EXPECT_EQ(l.pubrec(1), outcome::unknown) << "PUBREC for QoS 1";
  EXPECT_EQ(l.pubcomp(2), outcome::unknown) << "PUBCOMP before PUBREC";
  EXPECT_EQ(l.log.size(), 3U);
  EXPECT_EQ(l.log.inflight(), 2U);
  EXPECT_TRUE(l.records.is_empty());
}

TEST(MessageLog, WritesNothingForQos0) {
  wire_log l{persistent};
  l.add(1, q0);
  l.pump();
  l.add(2, q0);
  EXPECT_EQ(l.log.suspend().count, 1U);
  EXPECT_TRUE(l.records.is_empty());
}

TEST(MessageLog, WritesEachStepOfQos1) {
  wire_log l{persistent};
  l.add(1, q1);
  EXPECT_THAT(l.submit(), ElementsAre("enq 1 m1"));
  l.pump();
  EXPECT_THAT(l.submit(), ElementsAre("sent 1 #1"));
  l.puback(1);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1"));
}

TEST(MessageLog, NamesTheCommitAndTheShareInItsRecord) {
  wire_log l{persistent};
  l.log.add({numbered(5), q2, true, mqtt::message_number{42}, "$share/g/f"}, l.records);
  const store::batch written = l.records.take();
  ASSERT_EQ(written.size(), 1U);
  const auto& e = std::get<store::enqueued>(written[0]);
  EXPECT_EQ(e.session, persistent);
  EXPECT_EQ(e.position, log_position{1});
  EXPECT_EQ(e.quality, q2);
  EXPECT_TRUE(e.retain);
  EXPECT_EQ(e.share, "$share/g/f");
  EXPECT_EQ(e.commit, mqtt::message_number{42});
}

TEST(MessageLog, CountsMessagesAndBytesUntilTheyAreAcknowledged) {
  wire_log l;
  l.add(1, q1);  // topic 1, payload 2
  l.add(2, q0);
  EXPECT_EQ(l.log.size(), 2U);
  EXPECT_EQ(l.log.bytes(), 6U);
  l.pump();
  EXPECT_EQ(l.log.size(), 1U);
  EXPECT_EQ(l.log.bytes(), 3U);
  l.puback(1);
  EXPECT_EQ(l.log.bytes(), 0U);
  EXPECT_TRUE(l.log.empty());
}

}  // namespace
}  // namespace godwit::session::test
