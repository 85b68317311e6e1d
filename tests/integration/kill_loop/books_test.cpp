#include "ledgers.hpp"

#include <gtest/gtest.h>

#include <string>

// The checking code must be able to say no.

namespace godwit::kill_loop {
namespace {

class KillLoopBooks : public ::testing::Test {
 protected:
  session_index subscriber(const std::string& name, const std::string& filter,
                           std::uint8_t qos = 2) {
    const session_index s = all.messages.add_session(name);
    session_book& book = all.messages.session(s);
    EXPECT_EQ(session_book::verdict::right,
              book.on_connack(clean_session::no, session_book::present_flag::clear));
    book.on_subscribe_sent(filter, qos, all.messages.mark());
    book.on_suback(filter, all.messages.mark());
    return s;
  }
  message_id sent(std::uint8_t qos) {
    const message_id m = all.messages.new_message({.qos = qos});
    all.messages.on_sent(m);
    return m;
  }
  message_id acked(std::uint8_t qos) {
    const message_id m = sent(qos);
    all.messages.on_acked(m);
    return m;
  }
  void arrive(session_index s, message_id m, arrival a = {}) {
    const std::string payload = all.messages.payload_of(m);
    a.topic = all.messages.topics()[0];
    a.payload = payload;
    if (a.qos == 0) a.qos = all.messages.at(m).qos;
    all.messages.on_arrival(s, a);
  }
  void arrive_will(session_index s, will_id w) {
    const std::string payload = all.wills.payload_of(w);
    all.wills.on_arrival(s, {.topic = "will/x", .payload = payload, .qos = 2});
  }
  void expect(finding f, std::uint64_t count = 1) const {
    EXPECT_EQ(count, found.count(f)) << found.summary();
    EXPECT_EQ(count, found.total()) << found.summary();
  }

  findings found{findings::told::no};
  ledgers all{found, {"a/b"}};
};

TEST_F(KillLoopBooks, AcceptsWhatIsRight) {
  const session_index s = subscriber("s", "a/+");
  arrive(s, acked(1));
  arrive(s, acked(2));
  all.messages.check_owed();
  EXPECT_EQ(0U, found.total()) << found.summary();
}

TEST_F(KillLoopBooks, MissesAnAcknowledgedMessage) {
  subscriber("s", "a/b");
  acked(1);
  acked(2);
  sent(2);  // not acknowledged: it may be lost
  all.messages.check_owed();
  expect(finding::message_lost, 2);
}

TEST_F(KillLoopBooks, OwesNothingFromBeforeTheSuback) {
  acked(1);
  const session_index s = subscriber("s", "a/b");
  all.messages.session(s).on_unsubscribe_sent("a/b");
  acked(1);
  all.messages.check_owed();
  EXPECT_EQ(0U, found.total()) << found.summary();
}

TEST_F(KillLoopBooks, SeesQos2Twice) {
  const session_index s = subscriber("s", "a/b");
  const message_id m = acked(2);
  arrive(s, m);
  arrive(s, m, {.dup = true, .repeated = true});  // the protocol's own repetition
  EXPECT_EQ(0U, found.total()) << found.summary();
  arrive(s, m, {.dup = true});
  expect(finding::duplicated);
}

TEST_F(KillLoopBooks, SeesQos1AgainWithoutDup) {
  const session_index s = subscriber("s", "a/b");
  const message_id m = acked(1);
  arrive(s, m);
  arrive(s, m, {.dup = true});
  EXPECT_EQ(0U, found.total()) << found.summary();
  arrive(s, m);
  expect(finding::duplicated);
}

TEST_F(KillLoopBooks, SeesDisorder) {
  const session_index s = subscriber("s", "a/b");
  const message_id first = acked(1);
  const message_id other_qos = acked(2);
  const message_id second = acked(1);
  arrive(s, second);
  arrive(s, other_qos);
  EXPECT_EQ(0U, found.total()) << found.summary();
  arrive(s, first);
  expect(finding::out_of_order);
}

TEST_F(KillLoopBooks, SeesAWrongQosAndAWrongPayload) {
  const session_index s = subscriber("s", "a/b", 1);
  arrive(s, acked(2));  // QoS 2, granted is 1
  const std::string payload = all.messages.payload_of(acked(1)) + "x";
  all.messages.on_arrival(s, {.topic = "a/b", .payload = payload, .qos = 1});
  expect(finding::corrupted, 2);
}

TEST_F(KillLoopBooks, SeesARemovedSubscriptionInForce) {
  const session_index s = subscriber("s", "a/b");
  all.messages.session(s).on_unsubscribe_sent("a/b");
  all.messages.session(s).on_unsuback("a/b", all.messages.mark());
  arrive(s, acked(1));
  expect(finding::subscription_revived);
}

TEST_F(KillLoopBooks, SeesADeliveryWithoutSubscription) {
  arrive(subscriber("s", "a/c"), acked(1));
  expect(finding::misrouted);
}

TEST_F(KillLoopBooks, WantsOneMemberOfAGroup) {
  const session_index one = subscriber("one", "$share/g/a/b");
  const session_index two = subscriber("two", "$share/g/a/b");
  arrive(one, acked(2));
  arrive(two, acked(1));
  all.messages.check_owed();
  EXPECT_EQ(0U, found.total()) << found.summary();
  acked(2);
  all.messages.check_owed();
  expect(finding::message_lost);
}

TEST_F(KillLoopBooks, SeesTwoMembersOfAGroup) {
  const session_index one = subscriber("one", "$share/g/a/b");
  const session_index two = subscriber("two", "$share/g/a/b");
  const message_id m = acked(2);
  arrive(one, m);
  arrive(two, m);
  expect(finding::duplicated);
}

TEST_F(KillLoopBooks, CountsWhatALostSessionIsOwed) {
  const session_index s = subscriber("s", "a/b");
  arrive(s, acked(1));
  acked(1);
  all.messages.on_session_lost(s);
  expect(finding::message_lost);
}

TEST_F(KillLoopBooks, KnowsWhenASessionMustBePresent) {
  using present = session_book::present_flag;
  using verdict = session_book::verdict;
  session_book book;
  EXPECT_EQ(verdict::revived, book.on_connack(clean_session::no, present::set));
  EXPECT_EQ(verdict::right, book.on_connack(clean_session::no, present::set));
  EXPECT_EQ(verdict::lost, book.on_connack(clean_session::no, present::clear));
  book.on_unanswered(clean_session::yes);  // it may be deleted now
  EXPECT_EQ(verdict::right, book.on_connack(clean_session::no, present::clear));
  EXPECT_EQ(verdict::right, book.on_connack(clean_session::yes, present::clear));
  EXPECT_EQ(verdict::revived, book.on_connack(clean_session::no, present::set));
}

TEST_F(KillLoopBooks, KnowsWhatMayBeRetained) {
  retained_book& book = all.retained;
  book.on_sent(0, 1, false);
  const auto nothing_acked = book.floors().at(0);
  EXPECT_TRUE(book.is_right(0, nothing_acked, std::nullopt));
  book.on_acked(0, 1);
  book.on_sent(0, 2, false);
  const auto at_least = book.floors().at(0);
  EXPECT_TRUE(book.is_right(0, at_least, 1));
  EXPECT_TRUE(book.is_right(0, at_least, 2));
  EXPECT_FALSE(book.is_right(0, at_least, std::nullopt));
  book.on_acked(0, 2);
  EXPECT_FALSE(book.is_right(0, book.floors().at(0), 1));
  book.on_sent(0, 3, true);
  EXPECT_TRUE(book.is_right(0, book.floors().at(0), std::nullopt));
  book.on_acked(0, 3);
  EXPECT_FALSE(book.is_right(0, book.floors().at(0), 2));
}

TEST_F(KillLoopBooks, WantsTheWillOfACutConnection) {
  all.wills.add_watcher(subscriber("w", "will/+"));
  const will_id w = all.wills.new_will("will/x", 2);
  all.wills.on_stored(w);
  all.wills.on_cut(w);
  all.wills.on_wait(w);
  EXPECT_EQ(1U, all.wills.outstanding());
  all.wills.check();
  expect(finding::will_lost);
}

TEST_F(KillLoopBooks, SeesAWillTwice) {
  const session_index s = subscriber("w", "will/+");
  all.wills.add_watcher(s);
  const will_id w = all.wills.new_will("will/x", 2);
  arrive_will(s, w);
  arrive_will(s, w);
  expect(finding::will_twice);
}

TEST_F(KillLoopBooks, SeesAWillThatWasWithdrawn) {
  const session_index s = subscriber("w", "will/+");
  all.wills.add_watcher(s);
  const will_id w = all.wills.new_will("will/x", 2);
  all.wills.on_stored(w);
  all.wills.on_disconnect_sent(w);
  all.wills.on_succeeded(w);
  arrive_will(s, w);
  all.wills.check();
  expect(finding::will_withdrawn);
}

TEST_F(KillLoopBooks, AllowsAWithdrawnWillIfAKillCameBetween) {
  const session_index s = subscriber("w", "will/+");
  all.wills.add_watcher(s);
  const will_id w = all.wills.new_will("will/x", 2);
  all.wills.on_stored(w);
  all.wills.on_disconnect_sent(w);
  all.messages.on_kill();
  all.wills.on_succeeded(w);
  arrive_will(s, w);
  all.wills.check();
  EXPECT_EQ(0U, found.total()) << found.summary();
}

}  // namespace
}  // namespace godwit::kill_loop
