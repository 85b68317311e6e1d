#include "conformance/broker_test.hpp"

#include <algorithm>

namespace godwit::conformance {
namespace {

/// "$share/group/filter" for clients of 3.x: no statement of theirs, a corner of ours.
class Shared : public broker_test {};
INSTANTIATE_TEST_SUITE_P(Versions, Shared, both_versions, name_of);

TEST_P(Shared, GoesToOneMemberEach) {
  auto one = listen("one", "$share/g/a/#", 1);
  auto two = listen("two", "$share/g/a/#", 1);
  auto other = listen("other", "$share/h/a/#", 1);
  auto plain = listen("plain", "a/#", 1);
  for (int i = 0; i < 20; ++i) put({.topic = "a/b", .payload = std::to_string(i), .qos = 1});
  auto both = one.drain();
  const auto first = both.size();
  std::ranges::copy(two.drain(), std::back_inserter(both));
  EXPECT_EQ(both.size(), 20U);
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, 20U);
  EXPECT_EQ(other.drain().size(), 20U);
  EXPECT_EQ(plain.drain().size(), 20U);
}

TEST_P(Shared, HandsOverWhatAMemberLeavesBehind) {
  auto one = join("one");
  subscribe_to(one, "$share/g/a", 1);
  for (int i = 1; i <= 5; ++i) put({.topic = "a", .payload = std::to_string(i), .qos = 1});
  EXPECT_EQ(one.messages().size(), 5U);  // not acknowledged
  auto two = listen("two", "$share/g/a", 1);
  one.cut();
  auto got = two.drain();
  std::ranges::sort(got);
  EXPECT_EQ(got, (texts{"a=1", "a=2", "a=3", "a=4", "a=5"}));
  broker().check_balance();
}

TEST_P(Shared, IsApartFromTheSameFilterAlone) {
  auto p = join("c");
  p.send(subscribe(1, {{"$share/g/a", 0}, {"a", 0}}));
  p.expect(suback(1, {0, 0}));
  put({.topic = "a"});
  EXPECT_EQ(p.messages(), (texts{"a=x", "a=x"}));
  p.send(unsubscribe(2, {"a"}));
  p.expect(unsuback(2));
  put({.topic = "a"});
  EXPECT_EQ(p.messages(), texts{"a=x"});
  p.send(subscribe(3, {{"a", 0}}) + unsubscribe(4, {"$share/g/a"}));
  p.expect(suback(3, {0}) + unsuback(4));
  put({.topic = "a"});
  EXPECT_EQ(p.messages(), texts{"a=x"});
}

TEST_P(Shared, WithABadNameIsRefused) {
  for (const char* filter : {"$share/", "$share/g", "$share/g/", "$share//t", "$share/+/t",
                             "$share/+/", "$share//", "$share/a+/t", "$share/#/t", "$share/a#/t"}) {
    SCOPED_TRACE(filter);
    auto p = join("c");
    p.send(subscribe(1, {{"good", 1}, {filter, 1}}));
    if (is_v31()) {
      p.expect_end();
    } else {
      p.expect(suback(1, {1, 0x80}));
    }
    EXPECT_LE(broker().census().subscriptions, 1U);
  }
  EXPECT_EQ(broker().census().groups, 0U);
}

TEST_P(Shared, WithMisplacedWildcardsIsRefused) {
  for (const char* filter : {"$share/g/a#", "$share/g/#/t", "$share/g/+a"}) {
    SCOPED_TRACE(filter);
    auto p = join("c");
    p.send(subscribe(1, {{"good", 1}, {filter, 1}}));
    p.expect_end();
    EXPECT_EQ(broker().census().subscriptions, 0U);
  }
  EXPECT_EQ(broker().census().groups, 0U);
}

TEST_P(Shared, NeverComesTwiceForOnePublish) {
  auto p = listen("c", "$share/g/a/+", 2);
  put({.topic = "a/b", .qos = 2});
  EXPECT_EQ(p.drain(), texts{"a/b=x"});
  p.expect_silence();
}

}  // namespace
}  // namespace godwit::conformance
