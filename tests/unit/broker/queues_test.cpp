#include "answer_queue.hpp"
#include "output_queue.hpp"
#include "support/clause.hpp"
#include "support/random_source.hpp"

#include <string>

namespace godwit::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

base::ref<const mqtt::message> with_payload(std::string_view payload) {
  mqtt::message_fields f;
  f.number = mqtt::message_number{1};
  f.topic = "t";
  f.payload = base::as_bytes(payload);
  return mqtt::message::make(f);
}

void append(output_queue& q, std::string_view text) {
  const auto bytes = base::as_bytes(text);
  q.bytes().insert(q.bytes().end(), bytes.begin(), bytes.end());
}

std::string contents(const output_queue& q) {
  std::vector<base::bytes_view> pieces;
  q.gather(pieces);
  std::string all;
  for (const base::bytes_view p : pieces) {
    EXPECT_FALSE(p.empty());
    all.append(reinterpret_cast<const char*>(p.data()), p.size());
  }
  EXPECT_EQ(all.size(), q.size());
  return all;
}

TEST(OutputQueue, PutsPayloadsWhereTheyWereAttached) {
  output_queue q;
  EXPECT_TRUE(q.empty());
  q.attach(with_payload("first "));
  append(q, "head ");
  q.attach(with_payload("payload "));
  q.attach(with_payload(""));
  q.attach(with_payload("another "));
  append(q, "tail");
  EXPECT_EQ(contents(q), "first head payload another tail");
}

TEST(OutputQueue, GoesOnBehindWhatWasSent) {
  const std::string all = "first head payload tail";
  for (std::size_t one = 0; one < all.size(); ++one) {
    output_queue q;
    q.attach(with_payload("first "));
    append(q, "head ");
    q.attach(with_payload("payload "));
    append(q, "tail");
    q.consume(one);
    EXPECT_EQ(contents(q), all.substr(one));
    q.consume(all.size() - one);
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(contents(q), "");
  }
}

TEST(OutputQueue, LetsPayloadsGoWhenAllIsSentOrForgotten) {
  const auto m = with_payload("payload");
  output_queue q;
  q.attach(m);
  EXPECT_EQ(m->use_count(), 2U);
  q.consume(7);
  EXPECT_EQ(m->use_count(), 1U);
  q.attach(m);
  append(q, "x");
  q.reset();
  EXPECT_EQ(m->use_count(), 1U);
  EXPECT_TRUE(q.empty());
  append(q, "y");
  EXPECT_EQ(contents(q), "y");
}

TEST(OutputQueue, DropsWhatIsSentOfALongQueueThatNeverEmpties) {
  output_queue q;
  const auto m = with_payload(std::string(10'000, 'p'));
  append(q, "x");
  for (int i = 0; i < 1'000; ++i) {
    append(q, std::string(1'000, 'b'));
    q.attach(m);
    q.consume(11'000);
  }
  EXPECT_EQ(q.size(), 1U);
  EXPECT_LT(q.bytes().size(), 100'000U);
  EXPECT_LT(m->use_count(), 100U);
}

TEST(OutputQueue, IsNeverMuchLargerThanWhatItHolds) {
  constexpr std::size_t backlog = 64 * 1'024;
  constexpr std::size_t little = 8'192 + 1'000;
  output_queue q;
  append(q, std::string(backlog, 'x'));
  for (int i = 0; i < 1'000; ++i) {
    append(q, std::string(1'000, 'x'));
    q.consume(1'000);
    ASSERT_LE(q.bytes().size(), 2 * q.size() + little);
  }
  EXPECT_EQ(q.size(), backlog);
  EXPECT_LE(q.bytes().capacity(), 4 * backlog + little);
}

TEST(OutputQueue, KeepsNoLargeBufferForTheNextUser) {
  output_queue q;
  append(q, std::string(1'000'000, 'x'));
  q.consume(1'000'000);
  q.reset();
  EXPECT_LE(q.bytes().capacity(), 65'536U);
  append(q, std::string(1'000, 'x'));
  q.reset();
  EXPECT_GE(q.bytes().capacity(), 1'000U) << "a moderate one is kept";
}

TEST(OutputQueue, HoldsTheBytesThatANaiveStringHolds) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    godwit::test::random_source random{seed};
    output_queue q;
    std::string expected;
    std::uint64_t counter = 0;
    const auto made = [&](std::size_t size) {
      std::string text;
      while (text.size() < size) text += std::to_string(++counter) + ",";
      text.resize(size);
      return text;
    };
    for (int step = 0; step < 400; ++step) {
      switch (random.below(4)) {
        case 0: {
          const std::string text = made(random.below(3'000));
          append(q, text);
          expected += text;
          break;
        }
        case 1: {
          const std::string text = made(random.below(4) == 0 ? 0 : random.below(200'000));
          q.attach(with_payload(text));
          expected += text;
          break;
        }
        default: {
          std::size_t count = random.below(expected.size() + 1);
          if (random.coin()) count = std::min<std::size_t>(count, random.below(50'000));
          q.consume(count);
          expected.erase(0, count);
        }
      }
      ASSERT_EQ(q.size(), expected.size());
      ASSERT_TRUE(contents(q) == expected) << "step " << step;
    }
  }
}

// ---- answers ------------------------------------------------------------------------------------

answer puback(std::uint16_t id, pending_id waits_for) {
  return {.type = mqtt::packet_type::puback, .id = mqtt::packet_id{id}, .waits_for = waits_for};
}
answer pubrec(std::uint16_t id, pending_id waits_for) {
  return {.type = mqtt::packet_type::pubrec, .id = mqtt::packet_id{id}, .waits_for = waits_for};
}

std::vector<unsigned> drained(answer_queue& q) {
  std::vector<unsigned> ids;
  q.drain([&](const answer& a) { ids.push_back(a.id.value()); });
  return ids;
}

TEST(AnswerQueue, LetsAnAnswerLeaveWhenItAndAllBeforeItAreReady) {
  clause("v311 MQTT-4.6.0-2");
  clause("v311 MQTT-4.6.0-3");
  answer_queue q;
  q.push(puback(1, 101));
  q.push(pubrec(2, 0));
  q.push(puback(3, 103));
  q.push(puback(4, 103));
  EXPECT_THAT(drained(q), IsEmpty());
  q.ready(pending_id{103});
  EXPECT_THAT(drained(q), IsEmpty());
  q.ready(pending_id{101});
  EXPECT_THAT(drained(q), ElementsAre(1U, 2U, 3U, 4U));
  EXPECT_TRUE(q.empty());
}

TEST(AnswerQueue, ReadiesOnlyWhatWaitsForThis) {
  answer_queue q;
  q.push(puback(1, 101));
  q.push(puback(2, 102));
  q.ready(pending_id{100});
  EXPECT_THAT(drained(q), IsEmpty());
  q.ready(pending_id{101});
  EXPECT_THAT(drained(q), ElementsAre(1U));
  EXPECT_EQ(q.size(), 1U);
}

TEST(AnswerQueue, ReadiesTheAnswersToRepetitionsOfOneId) {
  clause("v311 MQTT-4.3.3-2");
  answer_queue q;
  q.push(pubrec(5, first_publish));
  q.push(pubrec(5, first_publish));
  q.push(puback(5, 105));
  q.push(pubrec(6, first_publish));
  q.ready_repeated(mqtt::packet_id{5});
  EXPECT_THAT(drained(q), ElementsAre(5U, 5U));
  EXPECT_EQ(q.size(), 2U) << "a PUBACK of the same id waits for its own";
  q.ready(pending_id{105});
  q.ready_repeated(mqtt::packet_id{6});
  EXPECT_THAT(drained(q), ElementsAre(5U, 6U));
}

TEST(AnswerQueue, TakesNewAnswersWhileItHolds) {
  answer_queue q;
  std::vector<unsigned> expected;
  std::vector<unsigned> got;
  for (std::uint16_t id = 1; id <= 100; ++id) {
    q.push(puback(id, id));
    expected.push_back(id);
    if (id >= 10) q.ready(pending_id{id - 9U});
    for (const unsigned left : drained(q)) got.push_back(left);
  }
  EXPECT_EQ(q.size(), 9U);
  for (pending_id id = 92; id <= 100; ++id) q.ready(id);
  for (const unsigned left : drained(q)) got.push_back(left);
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace godwit::broker
