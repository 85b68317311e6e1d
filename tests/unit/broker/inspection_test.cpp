#include "support/world.hpp"

#include <godwit/broker/inspection.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace godwit::broker {
namespace {

using test::connect_options;
using test::store_mode;
using test::test_client;
using test::world;
using ::testing::ElementsAre;
using kind = history_entry::kind;

/// What `ask(inspection&)` says in a turn of the only shard.
template <class Ask>
auto asked(world& w, Ask ask) {
  std::optional<std::invoke_result_t<Ask, inspection&>> out;
  w.in_turn(0, [&] {
    inspection i = w.shard(0).inspect();
    out = ask(i);
  });
  return *std::move(out);
}

test_client persistent(world& w, const std::string& id) {
  return w.connect({.client_id = id, .clean = false});
}

TEST(Inspection, ListsSessionsInPagesUntilAllWereSeen) {
  world w{{.shards = 1}};
  std::set<std::string> names;
  for (int i = 0; i < 700; ++i) {
    names.insert("c-" + std::to_string(i));
    persistent(w, "c-" + std::to_string(i)).disconnect();
  }
  std::set<std::string> seen;
  std::size_t pages = 0;
  for (std::optional<std::uint32_t> from = 0; from; ++pages) {
    const auto page = asked(w, [&](inspection& i) { return i.list_clients(*from); });
    EXPECT_LE(page.clients.size(), 256U);
    for (const client_view& v : page.clients) EXPECT_TRUE(seen.insert(v.client_id).second);
    from = page.next;
  }
  EXPECT_EQ(seen, names);
  EXPECT_EQ(pages, 3U);
}

TEST(Inspection, EndsAPageOfSubscriptionsWithTheSessionThatFillsIt) {
  world w{{.shards = 1}};
  std::vector<test_client> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(persistent(w, "c-" + std::to_string(i)));
    for (int filters = 0; filters < 600; ++filters) {
      clients.back().subscribe("t/" + std::to_string(filters));
    }
  }
  std::vector<std::size_t> sizes;
  for (std::optional<std::uint32_t> from = 0; from;) {
    const auto page = asked(w, [&](inspection& i) { return i.list_subscriptions(*from); });
    sizes.push_back(page.subscriptions.size());
    from = page.next;
  }
  EXPECT_EQ(sizes.at(0), 1'200U);
  EXPECT_EQ(sizes.at(1), 1'200U);
}

TEST(Inspection, RemembersComingAndGoingUpToALimit) {
  world w{{.shards = 1, .tune = [](shard_options& o) { o.history_entries = 3; }}};
  for (int i = 0; i < 3; ++i) persistent(w, "phone").disconnect();
  const auto found = asked(w, [](inspection& i) { return i.find_client("phone"); });
  ASSERT_TRUE(found);
  std::vector<kind> kinds;
  for (const history_entry& e : found->entries) kinds.push_back(e.what);
  EXPECT_THAT(kinds, ElementsAre(kind::ended, kind::resumed, kind::ended));
  EXPECT_EQ(found->entries.back().cause, session::close_cause::client_disconnected);
  EXPECT_FALSE(asked(w, [](inspection& i) { return i.find_client("nobody"); }));
}

TEST(Inspection, TellsTheMostThatEverWaited) {
  world w{{.shards = 1}};
  auto away = persistent(w, "away");
  away.subscribe("q", test::qos1);
  away.disconnect();
  auto sender = w.connect({.client_id = "sender"});
  for (int i = 0; i < 5; ++i) sender.publish("q", "x", test::qos1);
  auto back = persistent(w, "away");
  EXPECT_EQ(back.receive_all().size(), 5U);
  const auto found = asked(w, [](inspection& i) { return i.find_client("away"); });
  EXPECT_EQ(found->now.queued, 0U);
  EXPECT_EQ(found->now.queued_most, 5U);
}

TEST(Inspection, DrainsALittleAtATimeAndTakesNobodyMeanwhile) {
  world w{{.shards = 1}};
  std::vector<test_client> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(w.connect({.client_id = std::to_string(i)}));
  asked(w, [](inspection& i) { return i.begin_drain(), true; });
  const auto first = asked(w, [](inspection& i) { return i.drain(0, 4); });
  EXPECT_EQ(first.ended, 4U);
  EXPECT_EQ(first.left, 6U);
  w.run();
  const auto closed = [&] {
    return std::ranges::count_if(clients, [](test_client& c) { return c.closed(); });
  };
  EXPECT_EQ(closed(), 4);
  auto late = w.connect_socket();
  EXPECT_TRUE(late.closed());
  const auto rest = asked(w, [&](inspection& i) { return i.drain(*first.next, 100); });
  EXPECT_EQ(rest.ended, 6U);
  EXPECT_FALSE(rest.next);
  w.run();
  EXPECT_EQ(closed(), 10);
  asked(w, [](inspection& i) { return i.end_drain(), true; });
  w.connect({.client_id = "again"}).ping();
}

TEST(Inspection, SaysWhenAChangeIsDurable) {
  world w{{.shards = 1, .store_mode = store_mode::manual}};
  const auto last = [&] { return asked(w, [](inspection& i) { return i.last_change(); }); };
  const auto is_durable = [&](session::batch_number b) {
    return asked(w, [b](inspection& i) { return i.is_durable(b); });
  };
  EXPECT_TRUE(is_durable(last())) << "nothing has changed";
  const auto change = asked(w, [](inspection& i) {
    EXPECT_TRUE(
        i.publish("kept", base::as_bytes(std::string_view{"x"}), mqtt::qos::at_most_once, true));
    return i.last_change();
  });
  w.run();
  EXPECT_FALSE(is_durable(change));
  EXPECT_EQ(last(), change);
  w.durable_store().commit(w.durable_store().waiting());
  w.run();
  EXPECT_TRUE(is_durable(change));
}

TEST(Inspection, EndsASessionWithItsConnectionAndItsRecords) {
  world w{{.shards = 1}};
  auto client = persistent(w, "old");
  client.subscribe("a", test::qos1);
  EXPECT_TRUE(asked(w, [](inspection& i) { return i.end_session("old"); }));
  w.run();
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(asked(w, [](inspection& i) { return i.end_session("old"); }));
  EXPECT_FALSE(asked(w, [](inspection& i) { return i.disconnect("old"); }));
  w.check_empty();
}

}  // namespace
}  // namespace godwit::broker
