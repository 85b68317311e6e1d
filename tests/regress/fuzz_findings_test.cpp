#include "support/world.hpp"

#include <godwit/observe/counters.hpp>

#include <gtest/gtest.h>

#include <chrono>

/// What fuzz_engine found, each as small as it could be told.

namespace godwit::test {
namespace {

world_options slow_store(std::size_t shards) {
  return {.shards = shards, .store_mode = store_mode::manual};
}

void commit_all(world& w) {
  w.durable_store().commit(w.durable_store().waiting());
  w.run();
}

// The end of input came while CONNACK waited for the disk, on a connection that had moved to its
// home with its reading on: nothing looked at that end any more.
TEST(FuzzFindings, AMovedConnectionThatEndsBeforeItsConnackIsClosed) {
  for (const std::size_t accepted_on : {0U, 1U}) {
    world w{slow_store(2)};
    test_client c = w.connect_socket(accepted_on);
    c.send(connect_packet({.client_id = "mover", .clean = false}));
    c.close();
    w.run();
    commit_all(w);
    EXPECT_EQ(w.census().connections, 0U) << "accepted on shard " << accepted_on;
    EXPECT_EQ(w.census().sessions_connected, 0U);
    const logged_event* const end = w.log().last("client.disconnected");
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->field("reason"), "client_closed");
  }
}

// An absent member that is alone in its group gave its messages to nobody, over and over, and its
// shard did nothing else any more.
TEST(FuzzFindings, AMemberThatIsAloneKeepsItsMessages) {
  for (const std::size_t shards : {1U, 2U}) {
    world_options o{.shards = shards};
    o.limits.share_handover_after = std::chrono::milliseconds{1'500};
    world w{o};
    test_client member = w.connect({.client_id = "member", .clean = false});
    member.subscribe("$share/g/a", qos1);
    member.disconnect();
    test_client pub = w.connect({.client_id = "pub"});
    pub.publish("a", "kept", qos1);
    w.advance(std::chrono::seconds{10});
    EXPECT_EQ(w.census().log_entries, 1U);

    test_client back = w.connect({.client_id = "member", .clean = false});
    back.acknowledge(back.expect_publish("a", "kept"));
    w.check_balance();
  }
}

// The same, but somebody else comes while it is away.
TEST(FuzzFindings, AMemberThatIsAloneHandsOverOnceThereIsAnother) {
  world_options o{.shards = 2};
  o.limits.share_handover_after = std::chrono::milliseconds{1'500};
  world w{o};
  test_client member = w.connect({.client_id = "member", .clean = false});
  member.subscribe("$share/g/a", qos1);
  member.disconnect();
  test_client pub = w.connect({.client_id = "pub"});
  pub.publish("a", "moves", qos1);
  w.advance(std::chrono::seconds{10});

  test_client other = w.connect({.client_id = "other"});
  other.subscribe("$share/g/a", qos1);
  w.advance(std::chrono::seconds{10});
  other.acknowledge(other.expect_publish("a", "moves"));
  EXPECT_EQ(w.census().log_entries, 0U);
  w.check_balance();
}

// Two absent members gave a message to each other, over and over.
TEST(FuzzFindings, AbsentMembersKeepTheirMessages) {
  world_options o{.shards = 3};
  o.limits.share_handover_after = std::chrono::milliseconds{1'500};
  world w{o};
  for (const char* id : {"one", "two", "three"}) {
    test_client member = w.connect({.client_id = id, .clean = false});
    member.subscribe("$share/g/a", qos1);
    member.disconnect();
  }
  test_client pub = w.connect({.client_id = "pub"});
  for (const char* text : {"1", "2", "3", "4", "5"}) pub.publish("a", text, qos1);
  w.advance(std::chrono::seconds{10});
  EXPECT_EQ(w.census().log_entries, 5U);

  test_client other = w.connect({.client_id = "other"});
  other.subscribe("$share/g/a", qos1);
  w.advance(std::chrono::seconds{10});
  EXPECT_EQ(other.receive_all().size(), 5U);
  w.check_balance();
}

}  // namespace
}  // namespace godwit::test
