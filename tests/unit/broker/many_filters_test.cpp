#include "support/world.hpp"

#include <gmock/gmock.h>

/// Clients with more filters than one turn takes, each with a retained message.

namespace godwit::broker::test {
namespace {

using godwit::test::filter_request;
using godwit::test::test_client;
using godwit::test::world;
using godwit::test::world_options;
using ::testing::SizeIs;

class ManyFilters : public ::testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t count = 700;  // eight packets each, more than turn_packets_max
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

}  // namespace
}  // namespace godwit::broker::test
