#include "tested_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What every engine does with the records.
class StoreContract : public ::testing::Test {
 protected:
  template <class... Records>
  void submit(Records&&... r) {
    engine_->submit(std::forward<Records>(r)...);
  }

  std::unique_ptr<tested_engine> engine_ = make_tested_engine();
};

TEST_F(StoreContract, RestoresASessionAsItsRecordsSay) {
  session_opened open = opened(7, "phone");
  open.owner = "ann";
  open.version = mqtt::protocol_version::v31;
  submit(open, subscribed{session_number{7}, "a/#", {mqtt::qos::at_least_once}},
         subscribed{session_number{7}, "b", {mqtt::qos::at_most_once}},
         subscribed{session_number{7}, "a/#", {mqtt::qos::exactly_once}},
         unsubscribed{session_number{7}, "b"}, entry(7, 1, 101), entry(7, 2, 102), entry(7, 3, 103),
         sent{session_number{7}, log_position{1}, mqtt::packet_id{9}},
         rec_received{session_number{7}, log_position{1}}, removal(7, 2),
         qos2_received{session_number{7}, mqtt::packet_id{5}},
         qos2_received{session_number{7}, mqtt::packet_id{4}},
         qos2_released{session_number{7}, mqtt::packet_id{5}});

  const recovered r = engine_->restart();
  ASSERT_EQ(r.sessions.size(), 1U);
  const restored_session& one = r.sessions[0];
  EXPECT_EQ(one.number, session_number{7});
  EXPECT_EQ(one.client_id, "phone");
  EXPECT_EQ(one.owner, "ann");
  EXPECT_EQ(one.version, mqtt::protocol_version::v31);
  EXPECT_FALSE(one.idle_since);
  EXPECT_FALSE(one.ended);
  EXPECT_EQ(one.next_position, log_position{4});
  ASSERT_EQ(one.subscriptions.size(), 1U);
  EXPECT_EQ(one.subscriptions[0].filter, "a/#");
  EXPECT_EQ(one.subscriptions[0].terms.quality, mqtt::qos::exactly_once);
  EXPECT_THAT(numbers(one), ElementsAre(101, 103));
  EXPECT_EQ(one.entries[0].id, mqtt::packet_id{9});
  EXPECT_TRUE(one.entries[0].received);
  EXPECT_EQ(one.entries[1].id, mqtt::packet_id{0});
  EXPECT_FALSE(one.entries[1].received);
  EXPECT_THAT(one.qos2_received, ElementsAre(mqtt::packet_id{4}));
  EXPECT_EQ(r.seen.session_number, 7U);
  EXPECT_EQ(r.seen.message_number, 103U);
}

TEST_F(StoreContract, KeepsAnEmptiedLogsNextPosition) {
  submit(opened(1), entry(1, 41, 5), removal(1, 41));
  EXPECT_EQ(engine_->restart().sessions.at(0).next_position, log_position{42});
}

TEST_F(StoreContract, RemembersSinceWhenASessionIsIdle) {
  const base::wall_time since{std::chrono::milliseconds{1'000}};
  submit(opened(1, "a"), opened(2, "b"));
  submit(session_idle{session_number{1}, since}, session_idle{session_number{2}, since});
  submit(session_idle{session_number{2}, base::wall_time{}});
  const recovered r = engine_->restart();
  EXPECT_EQ(r.sessions.at(0).idle_since, since);
  EXPECT_FALSE(r.sessions.at(1).idle_since);
}

TEST_F(StoreContract, SortsEntriesByPositionNotByArrival) {
  submit(opened(1), entry(1, 5, 105), entry(1, 2, 102));
  submit(entry(1, 9, 109), entry(1, 1, 101), entry(1, 7, 107));
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), ElementsAre(101, 102, 105, 107, 109));
}

TEST_F(StoreContract, ForgetsALogThatIsWorkedOffInAnyOrder) {
  submit(opened(1));
  for (std::uint64_t i = 1; i <= 200; ++i) submit(entry(1, i, i));
  // 7 has no common divisor with 1000: every position comes once, the last ones stay.
  for (std::uint64_t i = 0; i < 197; ++i) {
    submit(removal(1, (i * 7) % 200 + 1));
  }
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), ElementsAre(180, 187, 194));
}

TEST_F(StoreContract, EndsASessionWithEverythingButItsSharedMessages) {
  submit(opened(1), subscribed{session_number{1}, "f"}, entry(1, 1, 11),
         entry(1, 2, 12, 0, "$share/g/f"), qos2_received{session_number{1}, mqtt::packet_id{3}},
         session_ended{session_number{1}});
  const recovered r = engine_->restart();
  ASSERT_EQ(r.sessions.size(), 1U);
  EXPECT_TRUE(r.sessions[0].ended);
  EXPECT_THAT(r.sessions[0].subscriptions, IsEmpty());
  EXPECT_THAT(r.sessions[0].qos2_received, IsEmpty());
  EXPECT_THAT(numbers(r.sessions[0]), ElementsAre(12));
  EXPECT_EQ(r.sessions[0].entries[0].share, "$share/g/f");

  submit(removal(1, 2));
  EXPECT_THAT(engine_->restart().sessions, IsEmpty());
}

TEST_F(StoreContract, IgnoresRecordsOfASessionThatIsGone) {
  submit(opened(1), session_ended{session_number{1}});
  submit(entry(1, 1, 11), subscribed{session_number{1}, "f"},
         sent{session_number{1}, log_position{1}, mqtt::packet_id{1}},
         qos2_received{session_number{1}, mqtt::packet_id{1}});
  EXPECT_EQ(engine_->restart().seen.message_number, 11U);
}

TEST_F(StoreContract, KeepsEveryWillUntilItsOwnRemoval) {
  submit(will_stored{"a", a_message(1), 60}, will_stored{"a", a_message(2), 30},
         will_stored{"b", a_message(3), 10}, will_removed{mqtt::message_number{1}, {}},
         will_removed{mqtt::message_number{3}, {}});
  const recovered r = engine_->restart();
  ASSERT_EQ(r.wills.size(), 1U);
  EXPECT_EQ(r.wills[0].client_id, "a");
  EXPECT_EQ(r.wills[0].message->number().value(), 2U);
  EXPECT_EQ(r.wills[0].keep_alive_s, 30);
  EXPECT_EQ(r.seen.message_number, 3U);
}

TEST_F(StoreContract, LetsTheHighestRetainVersionWin) {
  submit(retained{a_message(1, "a", "new", 9)});
  submit(retained{a_message(2, "a", "old", 8)});
  submit(retained{a_message(3, "b", "kept", 3)});
  submit(retained{a_message(4, "b", "", 2)});
  submit(retained{a_message(5, "c", "gone", 4)});
  submit(retained{a_message(6, "c", "", 5)});
  const recovered r = engine_->restart();
  ASSERT_EQ(r.retained_messages.size(), 2U);
  EXPECT_EQ(base::as_text(r.retained_messages[0]->payload()), "new");
  EXPECT_EQ(base::as_text(r.retained_messages[1]->payload()), "kept");
  EXPECT_EQ(r.seen.retain_version, 9U);
}

}  // namespace
}  // namespace godwit::store
