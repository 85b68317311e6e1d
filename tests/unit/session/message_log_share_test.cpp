#include "support/clause.hpp"
#include "wire_log.hpp"

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view share = "$share/g/f";

std::vector<std::uint64_t> taken(wire_log& l) {
  std::vector<std::uint64_t> numbers;
  while (const auto next = l.log.take_share()) {
    EXPECT_EQ(next->share, share);
    numbers.push_back(next->message->number().value());
  }
  return numbers;
}

TEST(MessageLog, EndsWithEverythingButWhatOtherMembersMayGet) {
  clause("v5 MQTT-4.8.2-4");
  clause("v5 MQTT-4.8.2-5");
  wire_log l{persistent};
  l.rules.window = 5;
  l.add(1, q1);
  l.add(2, q1, 0, share);
  l.add(3, q2, 0, share);  // is sent
  l.add(4, q2);
  l.add(5, q1, 0, share);
  ASSERT_THAT(l.pump(), ElementsAre("m1 q1 #1", "m2 q1 #2"));
  l.make_durable();
  ASSERT_THAT(l.pump(), ElementsAre("m3 q2 #3", "m4 q2 #4", "m5 q1 #5"));
  l.add(6, q2, 0, share);  // waits for the window
  l.add(7, q2);
  l.add(8, q0, 0, share);
  l.submit();
  const tally went = l.log.end_session(l.records);
  EXPECT_EQ(went.count, 5U);
  EXPECT_EQ(went.bytes, 15U);
  // The end of the session is its own record; only the sent QoS 2 copy of the group needs one.
  EXPECT_THAT(l.submit(), ElementsAre("rem 3"));
  EXPECT_EQ(l.log.size(), 3U);
  EXPECT_THAT(taken(l), ElementsAre(2U, 5U, 6U));
  EXPECT_EQ(l.log.inflight(), 0U);
}

TEST(MessageLog, MovesAQos2MessageThatHasAnIdButWasNotSent) {
  wire_log l{persistent};
  l.add(1, q2, 0, share);
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_EQ(l.log.end_session(l.records).count, 0U);
  EXPECT_THAT(taken(l), ElementsAre(1U));
}

TEST(MessageLog, GivesNoTentativeMessageAway) {
  wire_log l{persistent};
  const log_position first = l.add(1, q1, 9, share);
  l.add(2, q1, 0, share);
  l.log.end_session(l.records);
  EXPECT_THAT(taken(l), ElementsAre(2U));
  l.log.commit(first);
  EXPECT_THAT(taken(l), ElementsAre(1U));
}

TEST(MessageLog, KeepsWhatMovesUntilItIsRemoved) {
  wire_log l{persistent};
  l.add(1, q1, 0, share);
  l.submit();
  const auto moving = l.log.take_share();
  ASSERT_TRUE(moving);
  EXPECT_FALSE(l.log.take_share());
  EXPECT_EQ(l.log.end_session(l.records).count, 0U);
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).count, 0U);
  EXPECT_EQ(l.log.size(), 1U);
  const tally t = l.log.remove(moving->position, mqtt::message_number{44}, l.records);
  EXPECT_EQ(t.count, 1U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1 c44"));
  EXPECT_TRUE(l.log.empty());
  EXPECT_EQ(l.log.remove(moving->position, mqtt::message_number{44}, l.records).count, 0U);
  EXPECT_TRUE(l.records.is_empty());
}

TEST(MessageLog, PutsBackWhereItWasWhatNobodyElseTakes) {
  wire_log l{persistent};
  l.add(1, q1, 0, share);
  l.add(2, q1);
  const auto moving = l.log.take_share();
  ASSERT_TRUE(moving);
  EXPECT_TRUE(l.pump().empty()) << "nothing overtakes it";
  l.submit();
  EXPECT_EQ(l.log.put_back(moving->position, l.records), moving->position);
  EXPECT_TRUE(l.records.is_empty());
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1", "m2 q1 #2"));
}

TEST(MessageLog, PutsBackAtTheEndWhatWasSentAndNobodyElseTakes) {
  wire_log l{persistent};
  l.add(1, q1, 0, share);
  l.add(2, q1);
  l.pump();
  l.log.suspend();
  const auto moving = l.log.take_share();
  ASSERT_TRUE(moving);
  EXPECT_EQ(l.puback(1), outcome::unknown) << "the id is free again";
  l.add(3, q1);
  l.submit();
  l.log.put_back(moving->position, l.records);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1", "enq 4 m1"));
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #2 dup", "m3 q1 #3", "m1 q1 #4"));
  l.log.end_session(l.records);
  EXPECT_THAT(taken(l), ElementsAre(1U)) << "still of the group";
}

// What has an id on disk must lie in front of what has none, or the log could not be restored.
TEST(MessageLog, LetsNothingOvertakeAMessageThatMayComeBack) {
  wire_log l{persistent};
  l.rules.window = 1;
  l.add(1, q1);
  l.pump();
  l.add(2, q1, 0, share);
  l.add(3, q1);
  l.log.suspend();
  const auto moving = l.log.take_share();
  ASSERT_TRUE(moving);
  l.log.resume();
  l.rules.window = 9;
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup"));
  l.log.remove(moving->position, {}, l.records);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #2"));
}

TEST(MessageLog, HasNothingToShareWithoutGroups) {
  wire_log l;
  l.add(1, q1);
  EXPECT_FALSE(l.log.take_share());
  EXPECT_EQ(l.log.end_session(l.records).count, 1U);
  EXPECT_TRUE(l.log.empty());
  EXPECT_TRUE(l.records.is_empty());
}

}  // namespace
}  // namespace godwit::session::test
