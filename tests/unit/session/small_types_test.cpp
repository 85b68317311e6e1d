#include "support/clause.hpp"

#include <godwit/session/close_reason.hpp>
#include <godwit/session/qos2_receiver.hpp>
#include <godwit/session/receive_quota.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/session/topic_aliases.hpp>

#include <map>
#include <set>
#include <string>

namespace godwit::session {
namespace {

using mqtt::packet_id;
using mqtt::qos;

TEST(CloseReason, HasANameOfItsOwnForEachCause) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < close_causes; ++i) {
    const std::string n = name(static_cast<close_cause>(i));
    EXPECT_NE(n, "unknown") << i;
    EXPECT_TRUE(names.insert(n).second) << n;
  }
  EXPECT_STREQ(name(static_cast<close_cause>(close_causes)), "unknown") << "one more than counted";
}

TEST(Qos2Receiver, TakesEachIdOnceUntilItIsReleased) {
  clause("v311 MQTT-4.3.3-2");
  qos2_receiver r;
  EXPECT_TRUE(r.begin(packet_id{7}));
  EXPECT_FALSE(r.begin(packet_id{7}));
  EXPECT_TRUE(r.begin(packet_id{8}));
  EXPECT_EQ(r.size(), 2U);
  EXPECT_TRUE(r.release(packet_id{7}));
  EXPECT_FALSE(r.release(packet_id{7}));
  EXPECT_TRUE(r.begin(packet_id{7}));
}

TEST(Qos2Receiver, SaysWhetherTheFirstPublishIsStillOnItsWay) {
  qos2_receiver r;
  EXPECT_FALSE(r.is_committing(packet_id{7}));
  r.begin(packet_id{7});
  EXPECT_TRUE(r.is_committing(packet_id{7}));
  r.commit(packet_id{7});
  EXPECT_FALSE(r.is_committing(packet_id{7}));
  EXPECT_TRUE(r.contains(packet_id{7}));
  EXPECT_FALSE(r.begin(packet_id{7}));
  EXPECT_FALSE(r.is_committing(packet_id{7})) << "a repetition changes nothing";
}

TEST(Qos2Receiver, ForgetsWhatWasAbandoned) {
  qos2_receiver r;
  r.begin(packet_id{7});
  r.abandon(packet_id{7});
  r.commit(packet_id{7});  // late
  EXPECT_FALSE(r.contains(packet_id{7}));
  EXPECT_EQ(r.size(), 0U);
}

TEST(Qos2Receiver, IsRestoredWithIdsThatAreCommitted) {
  qos2_receiver r;
  r.restore({packet_id{1}, packet_id{65'535}});
  EXPECT_FALSE(r.begin(packet_id{1}));
  EXPECT_FALSE(r.is_committing(packet_id{65'535}));
  EXPECT_EQ(r.size(), 2U);
}

TEST(IncomingAliases, StandForTheLastTopicTheyWereGiven) {
  clause("v5 MQTT-3.3.2-12");
  incoming_aliases a;
  EXPECT_EQ(a.resolve(3, ""), std::nullopt);
  EXPECT_EQ(a.resolve(3, "x"), "x");
  EXPECT_EQ(a.resolve(3, ""), "x");
  EXPECT_EQ(a.resolve(1, ""), std::nullopt);
  EXPECT_EQ(a.resolve(65'535, "last"), "last");
  EXPECT_EQ(a.resolve(3, "y"), "y");
  EXPECT_EQ(a.resolve(3, ""), "y");
}

TEST(OutgoingAliases, GoToTheTopicsUsedLast) {
  clause("v5 MQTT-3.1.2-26");
  outgoing_aliases a;
  EXPECT_FALSE(a.are_allowed());
  a.set_limit(2);
  const auto one = a.take("one");
  EXPECT_EQ(one.alias, 1U);
  EXPECT_FALSE(one.is_known);
  EXPECT_EQ(a.take("two").alias, 2U);
  EXPECT_TRUE(a.take("one").is_known);
  const auto three = a.take("three");  // in the place of "two"
  EXPECT_EQ(three.alias, 2U);
  EXPECT_FALSE(three.is_known);
  EXPECT_TRUE(a.take("one").is_known);
  EXPECT_FALSE(a.take("two").is_known);
}

TEST(ReceiveQuota, CountsEveryOpenHandshakeOnce) {
  clause("v5 MQTT-3.3.4-7");
  receive_quota q;
  const auto id = [](std::uint16_t n) { return mqtt::packet_id{n}; };
  EXPECT_TRUE(q.take(qos::at_most_once, {}, 0));
  EXPECT_TRUE(q.take(qos::exactly_once, id(1), 2));
  EXPECT_TRUE(q.take(qos::exactly_once, id(1), 2));  // sent again
  EXPECT_TRUE(q.take(qos::at_least_once, id(2), 2));
  EXPECT_FALSE(q.take(qos::at_least_once, id(3), 2));
  q.on_puback();
  EXPECT_TRUE(q.take(qos::exactly_once, id(3), 2));
  EXPECT_FALSE(q.take(qos::exactly_once, id(4), 2));
  q.on_end(id(1));
  q.on_end(id(1));
  EXPECT_TRUE(q.take(qos::exactly_once, id(4), 2));
  EXPECT_FALSE(q.take(qos::at_least_once, id(5), 2));
}

TEST(Recorder, OpensTheNextBatchWhenOneIsTaken) {
  recorder r;
  EXPECT_EQ(r.open_batch(), batch_number{1});
  EXPECT_TRUE(r.is_empty());
  r.write(store::committed{mqtt::message_number{5}});
  EXPECT_FALSE(r.is_empty());
  EXPECT_EQ(r.take().size(), 1U);
  EXPECT_TRUE(r.is_empty());
  EXPECT_EQ(r.open_batch(), batch_number{2});
}

TEST(BatchNumber, IsCoveredByItselfAndAllLaterOnes) {
  const batch_number none;
  const batch_number five{5};
  EXPECT_TRUE(none.is_none());
  EXPECT_TRUE(none.is_covered_by(none));
  EXPECT_TRUE(none.is_covered_by(five));
  EXPECT_FALSE(five.is_covered_by(none));
  EXPECT_FALSE(five.is_covered_by(batch_number{4}));
  EXPECT_TRUE(five.is_covered_by(five));
  EXPECT_TRUE(five.is_covered_by(five.next()));
}

// A session that was away for weeks still names a batch of before.
TEST(BatchNumber, IsCoveredHoweverFarTheOthersHaveCome) {
  const batch_number old{5};
  for (const std::uint64_t later : {0x7FFF'FFFFULL, 0x8000'0005ULL, 0xFFFF'FFFFULL, 1ULL << 32U,
                                    (1ULL << 32U) + 4, 1ULL << 60U}) {
    EXPECT_TRUE(old.is_covered_by(batch_number{later})) << later;
    EXPECT_FALSE(batch_number{later}.is_covered_by(old)) << later;
  }
}

}  // namespace
}  // namespace godwit::session
