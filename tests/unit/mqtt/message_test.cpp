#include "raw_packet.hpp"

#include <godwit/mqtt/message.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace godwit::mqtt {
namespace {

using codec_test::hex;

TEST(Message, KeepsACopyOfEveryField) {
  std::string topic = "a/topic";
  base::bytes payload = hex("00 01 02 FF");
  base::bytes properties = hex("01 01");
  const base::wall_time arrival{std::chrono::milliseconds{1234}};
  const auto m = message::make({.number = message_number{42},
                                .topic = topic,
                                .payload = payload,
                                .properties = properties,
                                .quality = qos::exactly_once,
                                .retain = true,
                                .retain_version = 9,
                                .arrival = arrival,
                                .expiry_s = 60});
  topic.assign(topic.size(), 'x');
  payload.assign(payload.size(), std::byte{7});
  properties.clear();

  EXPECT_EQ(m->number(), message_number{42});
  EXPECT_EQ(m->topic(), "a/topic");
  EXPECT_EQ(base::as_text(m->payload()), base::as_text(hex("00 01 02 FF")));
  EXPECT_EQ(base::as_text(m->properties()), base::as_text(hex("01 01")));
  EXPECT_EQ(m->quality(), qos::exactly_once);
  EXPECT_TRUE(m->retain());
  EXPECT_EQ(m->retain_version(), 9U);
  EXPECT_EQ(m->arrival(), arrival);
  EXPECT_EQ(m->expiry_s(), 60U);
  EXPECT_EQ(m->content_size(), 7U + 4U + 2U);
  EXPECT_EQ(m->memory_size(), sizeof(message) + m->content_size());
}

TEST(Message, MayBeEmpty) {
  const auto m = message::make({.number = message_number{1}, .topic = "t"});
  EXPECT_TRUE(m->payload().empty());
  EXPECT_TRUE(m->properties().empty());
  EXPECT_FALSE(m->expiry_s().has_value());
  EXPECT_FALSE(m->retain());
}

TEST(Message, ExpiryOfZeroIsNotNoExpiry) {
  const auto m = message::make({.topic = "t", .expiry_s = 0});
  EXPECT_EQ(m->expiry_s(), 0U);
}

TEST(Message, LivesUntilTheLastReferenceGoes) {
  auto first = message::make({.topic = "t", .payload = base::as_bytes("payload")});
  std::vector<base::ref<const message>> refs(100, first);
  EXPECT_EQ(first->use_count(), 101U);
  std::thread other{[refs = std::move(refs)]() mutable { refs.clear(); }};
  const auto last = std::move(first);
  other.join();
  EXPECT_EQ(last->use_count(), 1U);
  EXPECT_EQ(base::as_text(last->payload()), "payload");
}

}  // namespace
}  // namespace godwit::mqtt
