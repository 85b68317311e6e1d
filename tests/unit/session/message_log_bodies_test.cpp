#include "wire_log.hpp"

#include <gmock/gmock.h>

namespace godwit::session::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A log whose messages are durable and spilled as soon as they are added.
struct spilling_log : wire_log {
  spilling_log() : wire_log{persistent} {}

  void add_spilled(std::uint64_t first, std::uint64_t last, qos_level q = q1) {
    for (std::uint64_t m = first; m <= last; ++m) log.spill(add(m, q));
  }
  std::vector<std::uint64_t> wanted(std::uint32_t messages_max = 256,
                                    std::uint64_t bytes_max = 1'000'000) {
    asked = log.wanted(rules, {messages_max, bytes_max});
    std::vector<std::uint64_t> numbers;
    for (const mqtt::message_number n : asked.numbers) numbers.push_back(n.value());
    return numbers;
  }
  void answer() {
    for (std::size_t i = 0; i < asked.positions.size(); ++i) {
      ASSERT_EQ(log.put_body(asked.positions[i], numbered(asked.numbers[i].value())),
                message_log::body_fate::taken);
    }
  }
  message_log::page asked;
};

TEST(MessageLog, CountsTheBodiesThatItHoldsInMemory) {
  wire_log l{persistent};
  const log_position first = l.add(1, q1);
  l.add(2, q2);
  l.add(3, q0);  // cannot be spilled, so it does not count
  EXPECT_EQ(l.bodies.held, 6U);
  l.log.spill(first);
  EXPECT_EQ(l.bodies.held, 3U);
  EXPECT_EQ(l.log.bytes(), 9U) << "the limit of the session counts all";
  EXPECT_EQ(l.log.spilled(), 1U);
  l.log.drop_oldest_unsent(l.records);
  l.log.drop_oldest_unsent(l.records);
  EXPECT_EQ(l.bodies.held, 0U);
  EXPECT_EQ(l.log.spilled(), 0U);
}

TEST(MessageLog, HoldsNothingOfSessionsThatAreNotPersistent) {
  wire_log l;
  l.add(1, q1);
  EXPECT_EQ(l.bodies.held, 0U);
}

TEST(MessageLog, LetsGoOfABodyOnce) {
  wire_log l{persistent};
  const auto m = numbered(1);
  const log_position at = l.log.add({m, q1, false, {}, {}}, l.records);
  std::ignore = l.records.take();
  EXPECT_EQ(m->use_count(), 2U);
  l.log.spill(at);
  l.log.spill(at);
  EXPECT_EQ(m->use_count(), 1U);
  EXPECT_EQ(l.log.spilled(), 1U);
}

TEST(MessageLog, KeepsTheBodiesOfWhatIsNotQueued) {
  wire_log l{persistent};
  l.rules.window = 1;
  const log_position in_window = l.add(1, q1);
  l.pump();
  const log_position tentative = l.add(2, q1, 77);
  const log_position shared = l.add(3, q1, 0, "$share/g/f");
  ASSERT_TRUE(l.log.take_share());
  for (const log_position p : {in_window, tentative, shared, log_position{99}}) l.log.spill(p);
  EXPECT_EQ(l.log.spilled(), 0U);
  EXPECT_EQ(l.bodies.held, 9U);
}

TEST(MessageLog, SendsNothingPastAMessageWithoutBody) {
  spilling_log l;
  l.add(1, q1);
  l.add_spilled(2, 2);
  l.add(3, q1);
  l.add(4, q0);
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1"));
  EXPECT_TRUE(l.log.has_unsent());
  EXPECT_FALSE(l.log.waits_for_disk());
  EXPECT_THAT(l.wanted(), ElementsAre(2U));
  EXPECT_THAT(l.pump(), IsEmpty());
  l.answer();
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #2", "m3 q1 #3", "m4 q0"));
  EXPECT_THAT(l.wanted(), IsEmpty());
}

TEST(MessageLog, AsksForBodiesInPages) {
  spilling_log l;
  l.add_spilled(1, 20);
  EXPECT_THAT(l.wanted(4), ElementsAre(1U, 2U, 3U, 4U));
  EXPECT_THAT(l.wanted(256, 7), ElementsAre(1U, 2U)) << "3 bytes each";
  EXPECT_THAT(l.wanted(256, 2), ElementsAre(1U)) << "one goes always";
}

// Draining must not stutter: the next page is asked for before the last one is used up.
TEST(MessageLog, AsksForTheNextPageWhenLessThanHalfOfOneLiesAhead) {
  spilling_log l;
  l.rules.window = 1;
  l.add_spilled(1, 40);
  ASSERT_EQ(l.wanted(8).size(), 8U);
  l.answer();
  l.pump();
  EXPECT_THAT(l.wanted(8), IsEmpty()) << "7 lie ahead";
  for (std::uint16_t id = 1; id <= 3; ++id) {
    l.puback(id);
    l.pump();
    ASSERT_THAT(l.wanted(8), IsEmpty());
  }
  l.puback(4);
  l.pump();
  EXPECT_THAT(l.wanted(8), ElementsAre(9U, 10U, 11U, 12U, 13U, 14U, 15U, 16U)) << "3 lie ahead";
}

TEST(MessageLog, CountsBytesAheadAsWell) {
  spilling_log l;
  l.rules.window = 1;
  l.add_spilled(1, 40);
  ASSERT_EQ(l.wanted(256, 12).size(), 4U);
  l.answer();
  l.pump();
  EXPECT_THAT(l.wanted(256, 12), IsEmpty()) << "9 bytes lie ahead";
  l.puback(1);
  l.pump();
  l.puback(2);
  l.pump();
  EXPECT_THAT(l.wanted(256, 12), ElementsAre(5U, 6U, 7U, 8U));
}

TEST(MessageLog, FetchesOnlyWhatLeavesAtOnceWhenMemoryIsTight) {
  spilling_log l;
  l.rules.window = 3;
  l.add(1, q1);
  l.add_spilled(2, 20);
  l.pump();
  l.bodies.limit = 1;
  ASSERT_TRUE(l.bodies.is_tight());
  EXPECT_THAT(l.wanted(), ElementsAre(2U, 3U));
  l.answer();
  l.pump();
  EXPECT_THAT(l.wanted(), IsEmpty()) << "the window is full";
  l.puback(1);
  l.pump();
  EXPECT_THAT(l.wanted(), ElementsAre(4U));
}

TEST(MessageLog, FetchesNothingThatHasExpired) {
  spilling_log l;
  l.rules.window = 1;
  l.add(1, q1);
  l.pump();
  l.log.spill(l.log.add({numbered(2, at_second(1'000), 5), q1, false, {}, {}}, l.records));
  l.log.spill(l.log.add({numbered(3, at_second(10)), q1, false, {}, {}}, l.records));
  l.log.spill(l.add(4, q1));
  l.rules.now = at_second(1'005);
  l.rules.oldest = at_second(11);
  EXPECT_THAT(l.wanted(), ElementsAre(4U));
  l.puback(1);
  EXPECT_THAT(l.pump(), IsEmpty());
  EXPECT_EQ(l.too_old.count, 2U) << "their size, arrival and expiry are known";
  EXPECT_EQ(l.too_old.bytes, 6U);
}

TEST(MessageLog, DropsOldMessagesWithoutTheirBodies) {
  spilling_log l;
  for (const int second : {10, 20}) {
    l.log.spill(l.log.add({numbered(1, at_second(second)), q1, false, {}, {}}, l.records));
  }
  std::ignore = l.records.take();
  EXPECT_EQ(l.log.drop_older_than(at_second(15), l.records).bytes, 3U);
  EXPECT_EQ(l.log.drop_oldest_unsent(l.records).bytes, 3U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1", "rem 2"));
  EXPECT_TRUE(l.log.empty());
}

TEST(MessageLog, IgnoresBodiesThatComeTooLate) {
  spilling_log l;
  l.add_spilled(1, 2);
  ASSERT_EQ(l.wanted().size(), 2U);
  l.log.drop_oldest_unsent(l.records);
  using fate = message_log::body_fate;
  EXPECT_EQ(l.log.put_body(l.asked.positions[0], numbered(1)), fate::not_needed);
  EXPECT_EQ(l.log.put_body(l.asked.positions[1], numbered(1)), fate::wrong);
  EXPECT_EQ(l.log.put_body(l.asked.positions[1], numbered(2)), fate::taken);
  EXPECT_EQ(l.log.put_body(l.asked.positions[1], numbered(2)), fate::not_needed);
  EXPECT_EQ(l.log.lose_body(l.asked.positions[1], l.records).count, 0U);
}

TEST(MessageLog, GoesOnBehindABodyThatIsLost) {
  spilling_log l;
  l.add_spilled(1, 1);
  l.add(2, q1);
  ASSERT_THAT(l.wanted(), ElementsAre(1U));
  l.submit();
  EXPECT_EQ(l.log.lose_body(l.asked.positions[0], l.records).count, 1U);
  EXPECT_THAT(l.submit(), ElementsAre("rem 1"));
  EXPECT_THAT(l.pump(), ElementsAre("m2 q1 #1"));
}

TEST(MessageLog, LetsFetchedBodiesGoAgainWhenTheConnectionEnds) {
  spilling_log l;
  l.rules.window = 1;
  l.add_spilled(1, 4);
  l.wanted();
  l.answer();
  l.pump();
  ASSERT_EQ(l.log.spilled(), 0U);
  l.bodies.limit = 9;  // one of them must go
  l.log.suspend();
  EXPECT_EQ(l.log.spilled(), 1U);
  l.log.resume();
  EXPECT_THAT(l.pump(), ElementsAre("m1 q1 #1 dup"));
  l.bodies.limit = 1'000;
  EXPECT_THAT(l.wanted(), ElementsAre(2U));
}

TEST(MessageLog, GivesASharedMessageAwayOnceItsBodyIsThere) {
  spilling_log l;
  l.log.spill(l.add(1, q1, 0, "$share/g/f"));
  l.add(2, q1, 0, "$share/g/f");
  l.add(3, q1);
  l.log.end_session(l.records);
  EXPECT_FALSE(l.log.take_share()) << "in order";
  l.asked = l.log.wanted_for_handover({});
  ASSERT_EQ(l.asked.numbers, std::vector{mqtt::message_number{1}});
  l.answer();
  EXPECT_EQ(l.log.take_share()->message->number().value(), 1U);
  EXPECT_EQ(l.log.take_share()->message->number().value(), 2U);
}

TEST(MessageLog, NumbersQos1And2WithoutGaps) {
  wire_log l{persistent};
  l.rules.window = 1;
  l.add(1, q1);
  l.pump();
  l.add(2, q0);
  l.add(3, q1);
  l.add(4, q0);
  l.add(5, q2);
  EXPECT_THAT(l.submit(), ElementsAre("enq 1 m1", "sent 1 #1", "enq 2 m3", "enq 3 m5"));
  l.rules.window = 9;
  l.pump();
  l.make_durable();
  EXPECT_THAT(l.submit(), IsEmpty());
}

// What a million queued messages cost beside the store: 33 bytes each.
TEST(MessageLog, TakesThirtyThreeBytesForAQueuedMessageThatIsSpilled) {
  wire_log l{persistent};
  const auto one = numbered(1);
  constexpr std::uint32_t many = 200'000;
  for (std::uint32_t i = 0; i < many; ++i) {
    l.log.spill(l.log.add({one, q1, false, {}, {}}, l.records));
    std::ignore = l.records.take();
  }
  EXPECT_EQ(one->use_count(), 1U);
  EXPECT_LE(l.log.allocated_bytes(), many * 33U);
  for (std::uint32_t i = 0; i < many; ++i) l.log.drop_oldest_unsent(l.records);
  EXPECT_LE(l.log.allocated_bytes(), 64U * 32U);
}

}  // namespace
}  // namespace godwit::session::test
