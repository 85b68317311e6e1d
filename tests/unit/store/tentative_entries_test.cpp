#include "tested_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::store {
namespace {

using mqtt::message_number;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Three sessions and, in the first two, one tentative entry each for commit 50.
class TentativeEntries : public ::testing::Test {
 protected:
  TentativeEntries() {
    submit(opened(1, "a"), opened(2, "b"), opened(3, "publisher"), entry(1, 1, 11));
    submit(entry(1, 2, 50, 50));
    submit(entry(2, 1, 50, 50));
  }
  template <class... Records>
  void submit(Records&&... r) {
    engine_->submit(std::forward<Records>(r)...);
  }
  void expect_all_there() {
    const recovered r = engine_->restart();
    EXPECT_THAT(numbers(r.sessions.at(0)), ElementsAre(11, 50));
    EXPECT_THAT(numbers(r.sessions.at(1)), ElementsAre(50));
  }

  std::unique_ptr<tested_engine> engine_ = make_tested_engine();
};

TEST_F(TentativeEntries, AreLeftOutWithoutTheirCommit) {
  const recovered r = engine_->restart();
  EXPECT_THAT(numbers(r.sessions.at(0)), ElementsAre(11));
  EXPECT_THAT(numbers(r.sessions.at(1)), IsEmpty());
}

TEST_F(TentativeEntries, AreDroppedByRecoveryForGood) {
  std::ignore = engine_->restart();
  // The broker that made the entries is gone; a late commit of that number decides nothing.
  submit(committed{message_number{50}});
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), ElementsAre(11));
}

TEST_F(TentativeEntries, KeepTheirNumbersInTheHighWater) {
  const recovered r = engine_->restart();
  EXPECT_EQ(r.seen.message_number, 50U);
  EXPECT_EQ(r.sessions.at(0).next_position, log_position{3});
}

TEST_F(TentativeEntries, CountOnceCommitted) {
  submit(committed{message_number{50}});
  expect_all_there();
}

TEST_F(TentativeEntries, CountOnceThePublishersIdIsReceived) {
  submit(qos2_received{session_number{3}, mqtt::packet_id{1}, message_number{50}});
  expect_all_there();
}

TEST_F(TentativeEntries, CountEvenIfThePublishersSessionIsGone) {
  submit(session_ended{session_number{3}});
  submit(qos2_received{session_number{3}, mqtt::packet_id{1}, message_number{50}});
  EXPECT_THAT(numbers(engine_->restart().sessions.at(1)), ElementsAre(50));
}

TEST_F(TentativeEntries, CountOnceTheWillIsRemoved) {
  submit(will_stored{"w", a_message(60), 10});
  submit(will_removed{message_number{60}, message_number{50}});
  expect_all_there();
}

TEST_F(TentativeEntries, CountOnceTheOldMembersEntryIsRemoved) {
  submit(removal(1, 1, 50));
  const recovered r = engine_->restart();
  EXPECT_THAT(numbers(r.sessions.at(0)), ElementsAre(50));
  EXPECT_THAT(numbers(r.sessions.at(1)), ElementsAre(50));
}

TEST_F(TentativeEntries, AreNotDecidedByAnotherNumber) {
  submit(committed{message_number{49}}, removal(1, 1, 51));
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), IsEmpty());
}

TEST_F(TentativeEntries, CanBeDecidedInTheirOwnBatch) {
  submit(entry(1, 3, 70, 70),
         qos2_received{session_number{3}, mqtt::packet_id{2}, message_number{70}});
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), ElementsAre(11, 70));
}

TEST_F(TentativeEntries, ThatAreRemovedWaitNoMore) {
  submit(removal(1, 2));
  submit(session_ended{session_number{2}});
  submit(committed{message_number{50}});
  EXPECT_THAT(numbers(engine_->restart().sessions.at(0)), ElementsAre(11));
}

TEST_F(TentativeEntries, OfAnEndedSessionEndItWhenTheyAreDropped) {
  submit(entry(2, 2, 71, 71, "$share/g/f"));
  submit(session_ended{session_number{2}});
  const recovered r = engine_->restart();
  EXPECT_EQ(r.sessions.size(), 2U);
}

}  // namespace
}  // namespace godwit::store
