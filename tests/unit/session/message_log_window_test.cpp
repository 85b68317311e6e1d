#include "support/clause.hpp"
#include "wire_log.hpp"

#include <set>

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::uint16_t id_of(const outgoing& o) {
  return o.id.value();
}

TEST(MessageLog, SendsNoMoreThanTheWindowHolds) {
  wire_log l;
  l.rules.window = 2;
  for (std::uint64_t m = 1; m <= 4; ++m) l.add(m, q1);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1", "m2 q1 #2"));
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_EQ(l.log.inflight(), 2U);
  EXPECT_TRUE(l.log.has_unsent());
  l.puback(2);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #3"));
}

TEST(MessageLog, KeepsTheWindowClosedForQos2UntilPubcomp) {
  wire_log l;
  l.rules.window = 1;
  l.add(1, q2);
  l.add(2, q2);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
  EXPECT_EQ(l.pubrec(1), outcome::advanced);
  EXPECT_THAT(l.pump(), ElementsAre("rel #1"));
  EXPECT_EQ(l.pubcomp(1), outcome::done);
  EXPECT_THAT(l.pump(), ElementsAre("m2 q2 #2"));
}

TEST(MessageLog, LetsQos0PassAClosedWindowOnlyWhenNothingIsAhead) {
  wire_log l;
  l.rules.window = 1;
  l.add(1, q1);
  l.add(2, q0);
  l.add(3, q1);
  l.add(4, q0);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1", "m2 q0"));
  l.puback(1);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #2", "m4 q0"));
  EXPECT_FALSE(l.log.has_unsent());
}

TEST(MessageLog, NeverGivesTheIdZero) {
  clause("v311 MQTT-2.3.1-1");
  wire_log l;
  for (std::uint64_t m = 1; m <= 140'000; ++m) {
    l.add(m, q1);
    std::vector<outgoing> out;
    l.log.pump(l.rules, l.records, out);
    ASSERT_EQ(out.size(), 1U);
    ASSERT_NE(id_of(out[0]), 0U);
    ASSERT_EQ(l.puback(id_of(out[0])), outcome::done);
  }
}

TEST(MessageLog, NeverGivesAnIdThatIsInFlightAlsoAfterWrapAround) {
  clause("v311 MQTT-2.3.1-4");
  wire_log l;
  std::set<std::uint16_t> in_flight;
  std::vector<outgoing> out;
  const auto send_one = [&](std::uint64_t m) {
    l.add(m, q1);
    out.clear();
    l.log.pump(l.rules, l.records, out);
    return id_of(out.at(0));
  };
  // Every thousandth of the first lap stays unanswered.
  for (std::uint64_t m = 1; m <= 200'000; ++m) {
    const std::uint16_t id = send_one(m);
    ASSERT_TRUE(in_flight.insert(id).second) << "message " << m;
    if (m < 65'535 && m % 1'000 == 0) continue;
    ASSERT_EQ(l.puback(id), outcome::done);
    in_flight.erase(id);
  }
  EXPECT_EQ(l.log.inflight(), 65U);
}

TEST(MessageLog, UsesEveryIdOnceInTheWidestWindow) {
  wire_log l;
  l.rules.window = 65'535;
  for (std::uint64_t m = 1; m <= 65'536; ++m) l.add(m, q1);
  std::vector<outgoing> out;
  l.log.pump(l.rules, l.records, out);
  ASSERT_EQ(out.size(), 65'535U);
  std::set<std::uint16_t> ids;
  for (const outgoing& o : out) ids.insert(id_of(o));
  EXPECT_EQ(ids.size(), 65'535U);
  EXPECT_EQ(*ids.begin(), 1U);
  ASSERT_EQ(l.puback(40'000), outcome::done);
  EXPECT_THAT(l.pump(), ElementsAre("m65536 q1 #40000"));
}

// With a look at the whole window for each message this would take minutes.
TEST(MessageLog, KeepsTheWidestWindowMovingCheaply) {
  wire_log l;
  l.rules.window = 65'535;
  std::uint64_t m = 0;
  for (; m < 65'535; ++m) l.add(m + 1, q1);
  std::vector<outgoing> out;
  l.log.pump(l.rules, l.records, out);
  for (std::uint32_t round = 0; round < 100'000; ++round) {
    const auto next = static_cast<std::uint16_t>(round % 65'535 + 1);
    ASSERT_EQ(l.puback(next), outcome::done);
    l.add(++m, q1);
    out.clear();
    l.log.pump(l.rules, l.records, out);
    ASSERT_EQ(out.size(), 1U);
    ASSERT_EQ(id_of(out[0]), next);
  }
}

// The first message is never answered while a long queue drains behind it.
TEST(MessageLog, IsNotSlowedByAMessageStuckInFront) {
  wire_log l;
  constexpr std::uint32_t count = 200'000;
  for (std::uint64_t m = 1; m <= count; ++m) l.add(m, q1);
  std::vector<outgoing> out;
  l.log.pump(l.rules, l.records, out);
  ASSERT_EQ(out.size(), 100U);
  std::uint32_t answered = 0;
  for (std::size_t next = 1; next < out.size(); ++next) {
    ASSERT_EQ(l.puback(id_of(out[next])), outcome::done);
    ++answered;
    l.log.pump(l.rules, l.records, out);
  }
  EXPECT_EQ(answered, count - 1);
  EXPECT_EQ(l.log.size(), 1U);
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup"));
}

TEST(MessageLog, SendsAgainNoMoreThanANarrowerWindowHolds) {
  clause("v5 MQTT-3.3.4-9");
  wire_log l;
  l.rules.window = 4;
  for (std::uint64_t m = 1; m <= 5; ++m) l.add(m, q1);
  EXPECT_EQ(l.pump().size(), 4U);
  l.log.suspend();
  l.log.resume();
  l.rules.window = 2;
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup", "m2 q1 #2 dup"));
  EXPECT_THAT(l.pump(), IsEmpty());
  l.puback(2);
  EXPECT_THAT(l.pump(), ElementsAre("m3 q1 #3 dup"));
  l.puback(1);
  l.puback(3);
  EXPECT_THAT(l.pump(), ElementsAre("m4 q1 #4 dup", "m5 q1 #5"));
}

TEST(MessageLog, GivesUpWhatWasSentAndGoesOn) {
  clause("v5 MQTT-4.4.0-2");
  wire_log l;
  l.rules.window = 1;
  l.add(1, q2);
  l.add(2, q1);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
  EXPECT_EQ(l.log.give_up(mqtt::packet_id{2}, l.records).count, 0U);
  EXPECT_EQ(l.log.give_up(mqtt::packet_id{1}, l.records).count, 1U);
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #2"));
  l.log.suspend();
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #2 dup"));
}

TEST(MessageLog, DoesNotGiveUpAfterPubrec) {
  wire_log l;
  l.add(1, q2);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q2 #1"));
  EXPECT_EQ(l.pubrec(1), outcome::advanced);
  EXPECT_EQ(l.log.give_up(mqtt::packet_id{1}, l.records).count, 0U);
  EXPECT_EQ(l.log.size(), 1U);
}

TEST(MessageLog, SendsIdentifiersWithEveryCopy) {
  clause("v5 MQTT-3.3.4-3");
  wire_log l;
  const std::vector<std::uint32_t> identifiers{7, 8};
  l.log.add({numbered(1), q1, false, {}, {}, identifiers}, l.records);
  l.log.add({numbered(2), q1, false, {}, {}}, l.records);
  for (int connection = 0; connection < 2; ++connection) {
    std::vector<outgoing> out;
    l.log.pump(l.rules, l.records, out);
    ASSERT_EQ(out.size(), 2U);
    EXPECT_THAT(out[0].identifiers, ElementsAre(7U, 8U));
    EXPECT_THAT(out[1].identifiers, IsEmpty());
    l.log.suspend();
    l.log.resume();
  }
}

}  // namespace
}  // namespace godwit::session::test
