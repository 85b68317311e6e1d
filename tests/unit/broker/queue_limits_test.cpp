#include "store_world.hpp"

/// The limits of one session's queue and the policies at them, with bodies in memory and without.

namespace godwit::broker::test {
namespace {

using session::overflow_policy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The parameter is the memory for bodies: without limit, and next to none.
class QueueLimits : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  store_world& start(const std::function<void(session::limits&)>& set) {
    world_options o{.shards = 1};
    set(o.limits);
    t.emplace(o, GetParam());
    t->sleeper("s");
    return *t;
  }
  test_client publisher() { return t->w.connect({.client_id = "p"}); }
  [[nodiscard]] std::uint64_t dropped(drop_reason why) { return t->w.counters()[why]; }
  texts left() { return t->persistent("s").receive_all(); }
  /// Everything is accounted for.
  void TearDown() override {
    t->w.check_balance();
    const observe::totals sums = t->w.counters();
    EXPECT_EQ(t->w.census().log_entries, 0U);
    EXPECT_EQ(sums[observe::counter::copies_made], sums[observe::counter::copies_delivered] +
                                                       sums.sum_of_dropped() +
                                                       sums[observe::counter::copies_expired]);
  }

  std::optional<store_world> t;
};
INSTANTIATE_TEST_SUITE_P(Memory, QueueLimits, ::testing::Values(0U, 1U));

TEST_P(QueueLimits, DropTheOldestAboveTheBytes) {
  start([](session::limits& l) { l.queue_bytes_max = 7; });
  test_client p = publisher();
  t->publish(p, {"1", "2", "3", "4", "55555"});
  EXPECT_EQ(dropped(drop_reason::queue_bytes), 4U) << "6 bytes fit, then 6 more come";
  EXPECT_EQ(t->w.log().count("session.queue_full"), 1U);
  EXPECT_EQ(t->w.log().last("session.queue_full")->field("key"), "session.queue.bytes_max");
  EXPECT_THAT(left(), ElementsAre("55555"));
}

TEST_P(QueueLimits, DropWhatIsLargerThanTheWholeQueue) {
  start([](session::limits& l) { l.queue_bytes_max = 7; });
  test_client p = publisher();
  t->publish(p, {"1", "7777777"});
  EXPECT_EQ(dropped(drop_reason::queue_bytes), 2U);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_P(QueueLimits, DropTheOldestAboveTheCount) {
  start([](session::limits& l) { l.queue_count_max = 3; });
  test_client p = publisher();
  t->publish(p, {"1", "2", "3", "4", "5"});
  EXPECT_EQ(dropped(drop_reason::queue_count), 2U);
  EXPECT_EQ(t->disk().count().entries, 3U);
  EXPECT_THAT(left(), ElementsAre("3", "4", "5"));
}

TEST_P(QueueLimits, DropTheNewestWhenToldSo) {
  start([](session::limits& l) {
    l.queue_count_max = 2;
    l.queue_overflow = overflow_policy::drop_newest;
  });
  test_client p = publisher();
  t->publish(p, {"1", "2", "3", "4"});
  EXPECT_EQ(dropped(drop_reason::queue_count), 2U);
  EXPECT_THAT(left(), ElementsAre("1", "2"));
}

TEST_P(QueueLimits, EndTheConnectionWhenToldSo) {
  start([](session::limits& l) {
    l.queue_count_max = 2;
    l.queue_overflow = overflow_policy::disconnect;
    l.inflight_max = 1;
  });
  test_client s = t->persistent("s");
  test_client p = publisher();
  t->publish(p, {"1", "2", "3"});
  EXPECT_TRUE(s.closed());
  EXPECT_EQ(dropped(drop_reason::session_limit_disconnect), 1U);
  EXPECT_EQ(t->w.counters().closes[static_cast<std::size_t>(close_cause::queue_overflow)], 1U);
  t->publish(p, {"4"});
  EXPECT_EQ(dropped(drop_reason::queue_count), 1U) << "without a connection the newest is dropped";
  EXPECT_THAT(left(), ElementsAre("1", "2"));
}

TEST_P(QueueLimits, MakeRoomByWhatIsTooOldFirst) {
  start([](session::limits& l) {
    l.queue_count_max = 3;
    l.queue_age_max = seconds{100};
    l.queue_overflow = overflow_policy::drop_newest;
  });
  test_client p = publisher();
  t->publish(p, {"1", "2"});
  t->w.advance(seconds{90});
  t->publish(p, {"3"});
  t->w.advance(seconds{20});
  t->publish(p, {"4", "5"});
  EXPECT_EQ(t->w.counters()[observe::counter::copies_expired], 2U);
  EXPECT_EQ(dropped(drop_reason::queue_count), 0U);
  EXPECT_THAT(left(), ElementsAre("3", "4", "5"));
}

TEST_P(QueueLimits, SendNothingThatIsTooOld) {
  start([](session::limits& l) { l.queue_age_max = seconds{100}; });
  test_client p = publisher();
  t->publish(p, {"1", "2"});
  t->w.advance(seconds{60});
  t->publish(p, {"3"});
  t->w.advance(seconds{60});
  EXPECT_THAT(left(), ElementsAre("3"));
  EXPECT_EQ(t->w.counters()[observe::counter::copies_expired], 2U);
}

}  // namespace
}  // namespace godwit::broker::test
