#include "letters.hpp"
#include "support/random_source.hpp"

#include <deque>
#include <memory>

namespace godwit::broker::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> flushed(mailbox& box, desk& office, unsigned to) {
  box.flush(office);
  return office.read(to);
}

mail_batch batch_of(std::vector<letter> letters) {
  return {std::move(letters)};
}

template <class... Letters>
mail_batch batch(Letters&&... l) {
  std::vector<letter> all;
  (all.push_back(std::forward<Letters>(l)), ...);
  return batch_of(std::move(all));
}

/// Everything that can be handled now, as "1q7": shard 1's request 7.
std::vector<std::string> handled(mailbox& box) {
  std::vector<std::string> said;
  while (const auto r = box.take()) {
    said.push_back(std::to_string(r->from.value()) + text_of(r->what));
  }
  return said;
}

TEST(Mailbox, PostsOneBatchPerShardAndTurnInOrder) {
  mailbox box{shard(0), 3, 8};
  desk office;
  box.post(shard(1), request(1));
  box.post(shard(2), reply(2));
  box.post(shard(1), reply(3));
  box.post(shard(1), request(4));
  box.flush(office);
  EXPECT_EQ(office.batches, 2);
  EXPECT_THAT(office.read(1), ElementsAre("q1", "r3", "q4"));
  EXPECT_THAT(office.read(2), ElementsAre("r2"));
  EXPECT_EQ(box.letters_posted(), 4U);
  box.flush(office);
  EXPECT_EQ(office.batches, 2) << "nothing to post";
}

TEST(Mailbox, HoldsRequestsAndForwardsBackWithoutCreditEachForItself) {
  mailbox box{shard(0), 3, 1};
  desk office;
  EXPECT_TRUE(box.is_clear(bit(1) | bit(2)));
  for (pending_id n = 1; n <= 3; ++n) {
    box.post(shard(1), request(n));
    box.post(shard(1), forward(n));
    box.post(shard(1), reply(n));
  }
  EXPECT_FALSE(box.is_clear(bit(1)));
  EXPECT_FALSE(box.is_clear(bit(1) | bit(2)));
  EXPECT_TRUE(box.is_clear(bit(2)));
  EXPECT_FALSE(box.is_forward_clear());
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q1", "f1", "r1", "r2", "r3"));
}

TEST(Mailbox, SendsItsBacklogInOrderAsCreditComesBack) {
  mailbox box{shard(0), 2, 1};
  desk office;
  for (pending_id n = 1; n <= 3; ++n) box.post(shard(1), request(n));
  box.post(shard(1), forward(1));
  box.post(shard(1), forward(2));
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q1", "f1"));
  box.receive(shard(1), batch(mail::credit{1, 0}));
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q2"));
  EXPECT_FALSE(box.is_forward_clear());
  box.receive(shard(1), batch(mail::credit{0, 1}));
  EXPECT_TRUE(box.is_forward_clear());
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("f2"));
  box.receive(shard(1), batch(mail::credit{1, 1}));
  EXPECT_FALSE(box.is_clear(bit(1))) << "the last one took the credit";
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q3"));
  box.receive(shard(1), batch(mail::credit{1, 0}));
  EXPECT_TRUE(box.is_clear(bit(1)));
  EXPECT_TRUE(box.is_idle());
}

TEST(Mailbox, LetsNoRequestOvertakeTheBacklog) {
  mailbox box{shard(0), 2, 2};
  desk office;
  for (pending_id n = 1; n <= 4; ++n) box.post(shard(1), request(n));
  box.flush(office);
  EXPECT_THAT(office.read(1), ElementsAre("q1", "q2"));
  box.receive(shard(1), batch(mail::credit{1, 0}));
  box.post(shard(1), request(5));
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q3"));
  box.receive(shard(1), batch(mail::credit{2, 0}));
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("q4", "q5"));
}

TEST(Mailbox, HandlesRepliesBeforeForwardsBeforeRequests) {
  mailbox box{shard(0), 3, 8};
  box.receive(shard(1), batch(request(1), forward(2), reply(3)));
  box.receive(shard(2), batch(request(4), forward(5), reply(6)));
  EXPECT_TRUE(box.has_work());
  EXPECT_THAT(handled(box), ElementsAre("1r3", "2r6", "1f2", "2f5", "1q1", "2q4"));
  EXPECT_FALSE(box.has_work());
}

TEST(Mailbox, TakesFromTheShardsInTurn) {
  mailbox box{shard(0), 4, 8};
  box.receive(shard(1), batch(request(1), request(2), request(3), request(4)));
  box.receive(shard(3), batch(request(5), request(6)));
  const auto first = box.take();
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(first->what), "q1");
  box.receive(shard(2), batch(request(7)));
  EXPECT_THAT(handled(box), ElementsAre("2q7", "3q5", "1q2", "3q6", "1q3", "1q4"));
}

TEST(Mailbox, HandlesNoRequestWhileAForwardWaitsForCredit) {
  mailbox box{shard(0), 3, 1};
  desk office;
  box.post(shard(2), forward(1));
  box.post(shard(2), forward(2));
  box.receive(shard(1), batch(request(3)));
  EXPECT_FALSE(box.has_work());
  EXPECT_THAT(handled(box), IsEmpty());
  box.receive(shard(1), batch(forward(4), reply(5)));
  EXPECT_TRUE(box.has_work());
  EXPECT_THAT(handled(box), ElementsAre("1r5", "1f4"));
  EXPECT_FALSE(box.is_idle());
  box.receive(shard(2), batch(mail::credit{0, 1}));
  EXPECT_TRUE(box.has_work());
  EXPECT_THAT(handled(box), ElementsAre("1q3"));
}

TEST(Mailbox, GivesCreditBackForWhatItHandledOnce) {
  mailbox box{shard(0), 2, 1};
  desk office;
  box.receive(shard(1), batch(request(1), forward(2), reply(3)));
  EXPECT_THAT(flushed(box, office, 1), IsEmpty()) << "nothing handled yet";
  handled(box);
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("c1/1"));
  EXPECT_THAT(flushed(box, office, 1), IsEmpty());
}

TEST(Mailbox, GivesCreditBackWithOtherMailOrByTheQuarter) {
  mailbox box{shard(0), 2, 16};
  desk office;
  for (pending_id n = 1; n <= 3; ++n) box.receive(shard(1), batch(request(n)));
  handled(box);
  EXPECT_THAT(flushed(box, office, 1), IsEmpty());
  box.post(shard(1), reply(9));
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("r9", "c3/0"));
  for (pending_id n = 4; n <= 7; ++n) box.receive(shard(1), batch(forward(n)));
  handled(box);
  EXPECT_THAT(flushed(box, office, 1), ElementsAre("c0/4"));
}

TEST(Mailbox, IsIdleOnlyWhenNothingWaitsInOrOut) {
  mailbox box{shard(0), 2, 1};
  desk office;
  EXPECT_TRUE(box.is_idle());
  box.post(shard(1), reply(1));
  EXPECT_FALSE(box.is_idle());
  box.flush(office);
  EXPECT_TRUE(box.is_idle());
  box.receive(shard(1), batch(reply(1)));
  EXPECT_FALSE(box.is_idle());
  handled(box);
  EXPECT_TRUE(box.is_idle());
  box.post(shard(1), request(1));
  box.post(shard(1), request(2));
  box.flush(office);
  EXPECT_FALSE(box.is_idle());
}

/// Shards that answer: every request makes a forward and a reply, every forward a reply. Delivered
/// in any order of pairs, with the smallest credit, all must come through, each pair and class in
/// order.
TEST(Mailbox, NeitherLosesNorReordersNorDeadlocks) {
  constexpr unsigned shards = 4;
  for (const std::uint32_t credit : {1U, 3U, 64U}) {
    SCOPED_TRACE(credit);
    test::desk offices[shards];  // by sender
    std::vector<std::unique_ptr<mailbox>> boxes;
    for (unsigned i = 0; i < shards; ++i) {
      boxes.push_back(std::make_unique<mailbox>(shard(i), shards, credit));
    }
    godwit::test::random_source random{credit};
    std::map<std::string, pending_id> last;  // "from-to-class"
    std::uint64_t replies = 0;
    std::uint64_t forwards = 0;
    pending_id name = 0;
    const auto other = [&](unsigned self) {
      return shard(static_cast<unsigned>((self + 1 + random.below(shards - 1)) % shards));
    };
    constexpr std::uint64_t requests = 3'000;
    std::uint64_t made = 0;
    for (int turn = 0; turn < 100'000; ++turn) {
      const auto self = static_cast<unsigned>(random.below(shards));
      mailbox& box = *boxes[self];
      if (made < requests && random.coin()) {
        box.post(other(self), request(++name));
        ++made;
      }
      for (unsigned from = 0; from < shards; ++from) {
        if (from == self || random.coin()) continue;
        box.receive(shard(from), offices[from].take(self));
      }
      for (std::size_t budget = random.below(4); budget != 0; --budget) {
        auto r = box.take();
        if (!r) break;
        const std::string text = text_of(r->what);
        pending_id& previous =
            last[std::to_string(r->from.value()) + std::to_string(self) + text[0]];
        const pending_id got = std::stoull(text.substr(1));
        ASSERT_GT(got, previous) << text;
        previous = got;
        if (text[0] == 'r') {
          ++replies;
        } else if (text[0] == 'f') {
          ++forwards;
          box.post(r->from, reply(++name));
        } else {
          box.post(other(self), forward(++name));
          box.post(r->from, reply(++name));
        }
      }
      box.flush(offices[self]);
      if (replies == 2 * requests) break;
    }
    EXPECT_EQ(forwards, requests);
    EXPECT_EQ(replies, 2 * requests);
  }
}

}  // namespace
}  // namespace godwit::broker::test
