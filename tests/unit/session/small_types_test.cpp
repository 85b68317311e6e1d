#include "support/clause.hpp"

#include <godwit/session/close_reason.hpp>
#include <godwit/session/qos2_receiver.hpp>
#include <godwit/session/recorder.hpp>
#include <godwit/session/subscription_table.hpp>

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

TEST(SubscriptionTable, KeepsOneSubscriptionPerFilterWithItsLastQos) {
  clause("v311 MQTT-3.8.4-3");
  clause("v31 M31-sub-8");
  using outcome = subscription_table::outcome;
  subscription_table t;
  std::map<std::string, qos> expected;
  // Through the list and into the hash table.
  for (int i = 0; i < 40; ++i) {
    const std::string filter = "a/" + std::to_string(i);
    EXPECT_EQ(t.set(filter, qos::at_least_once), outcome::added);
    expected[filter] = qos::at_least_once;
    const std::string again = "a/" + std::to_string(i / 2);
    EXPECT_EQ(t.set(again, qos::exactly_once), outcome::replaced);
    expected[again] = qos::exactly_once;
    ASSERT_EQ(t.size(), expected.size());
    std::map<std::string, qos> found;
    t.for_each([&](std::string_view f, qos q) { EXPECT_TRUE(found.emplace(f, q).second) << f; });
    ASSERT_EQ(found, expected);
  }
}

TEST(SubscriptionTable, ErasesByteByByte) {
  clause("v311 MQTT-3.10.4-1");
  for (const int count : {3, 16, 17, 40}) {
    subscription_table t;
    for (int i = 0; i < count; ++i) t.set("f" + std::to_string(i), qos::at_most_once);
    EXPECT_FALSE(t.erase("F1"));
    EXPECT_FALSE(t.erase("f"));
    EXPECT_FALSE(t.erase("+"));
    EXPECT_TRUE(t.contains("f1"));
    EXPECT_TRUE(t.erase("f1"));
    EXPECT_FALSE(t.contains("f1"));
    EXPECT_FALSE(t.erase("f1"));
    EXPECT_EQ(t.size(), static_cast<std::size_t>(count - 1));
    t.clear();
    EXPECT_TRUE(t.empty());
    EXPECT_FALSE(t.contains("f2"));
    EXPECT_EQ(t.set("f2", qos::at_most_once), subscription_table::outcome::added);
  }
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
