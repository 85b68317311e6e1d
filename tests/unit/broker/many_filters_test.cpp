#include "support/world.hpp"

#include <gmock/gmock.h>

/// Clients with more filters than one turn takes, each with a retained message.

namespace godwit::broker::test {
namespace {

using godwit::test::filter_request;
using godwit::test::subscribe_packet;
using godwit::test::test_client;
using godwit::test::world;
using godwit::test::world_options;
using ::testing::SizeIs;

class ManyFilters : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t count = 700;  // sixteen packets each, more than turn_packets_max
  /// Longer than a connection that was not read is looked at again, whether it is still there.
  static constexpr std::chrono::seconds paused{1};

  ManyFilters() : w{world_options{.shards = GetParam()}} {
    test_client keeper = w.connect({.client_id = "keeper"});
    for (std::size_t i = 0; i < count; ++i) keeper.publish(topic(i), "kept", {}, true);
    keeper.disconnect();
  }
  static std::string topic(std::size_t i) { return "kept/" + std::to_string(i); }
  static std::vector<filter_request> all() {
    std::vector<filter_request> filters;
    for (std::size_t i = 0; i < count; ++i) filters.push_back({topic(i)});
    return filters;
  }

  world w;
};
INSTANTIATE_TEST_SUITE_P(Shards, ManyFilters, ::testing::Values(1U, 4U));

TEST_P(ManyFilters, GetEachRetainedMessageOnce) {
  test_client c = w.connect({.client_id = "c"});
  EXPECT_THAT(c.subscribe(all()).codes, SizeIs(count));
  EXPECT_THAT(c.receive_all(), SizeIs(count));
  EXPECT_THAT(c.subscribe(all()).codes, SizeIs(count));
  EXPECT_THAT(c.receive_all(), SizeIs(count)) << "and again";
  c.disconnect();
  w.advance(paused);
  w.check_balance();
  w.check_empty(count);
}

TEST_P(ManyFilters, LeaveNothingBehindWhoeverEndsFirst) {
  test_client c = w.connect({.client_id = "c"});
  c.subscribe(all());
  c.reset();
  w.advance(paused);
  w.check_balance();
  w.check_empty(count);
  test_client again = w.connect({.client_id = "c"});
  EXPECT_THAT(again.subscribe(all()).codes, SizeIs(count));
  EXPECT_THAT(again.receive_all(), SizeIs(count));
  again.unsubscribe({topic(1)});
  again.disconnect();
  w.advance(paused);
  w.check_empty(count);
}

/// One packet with filters for many turns takes none of them from a client that has a single one.
TEST(ManyFiltersAtOnce, LetOthersBeServedMeanwhile) {
  world w{world_options{.shards = 1}};
  test_client many = w.connect({.client_id = "many"});
  test_client others = w.connect({.client_id = "others"});
  std::ignore = many.subscribe("news", mqtt::qos::at_most_once);
  std::vector<filter_request> filters;
  for (int i = 0; i < 5'000; ++i) filters.push_back({"many/" + std::to_string(i)});
  many.send(subscribe_packet(77, filters, many.version()));
  others.send_publish("news", "first", mqtt::qos::at_most_once);
  w.run();
  const auto first = many.next_packet();
  ASSERT_TRUE(first);
  EXPECT_TRUE(std::holds_alternative<mqtt::publish_view>(*first)) << test_client::describe(first);
  const auto second = many.next_packet();
  EXPECT_TRUE(second && std::holds_alternative<mqtt::suback_view>(*second));
}

}  // namespace
}  // namespace godwit::broker::test
