// The store becomes durable on its own thread, at any moment of a turn.

#include "support/captured_log.hpp"
#include "support/memory_transport.hpp"
#include "support/packets.hpp"

#include <godwit/broker/shard.hpp>

#include <gtest/gtest.h>

namespace godwit::broker {
namespace {

constexpr store::ticket wanted{7};

/// Says that `wanted` is durable from a certain look on.
class store_that_moves final : public store::store {
 public:
  void move_after(int looks) { looks_left_ = looks; }
  void move_now() { looks_left_ = 0; }
  [[nodiscard]] bool has_moved() const { return looks_left_ == 0; }

  godwit::store::ticket durable() const noexcept override {
    if (looks_left_ == 0) return wanted;
    if (looks_left_ > 0) --looks_left_;
    return {};
  }
  godwit::store::ticket submit(godwit::store::batch&&) override {
    ADD_FAILURE() << "nothing here is for the disk";
    return {};
  }
  void on_news(std::function<void()>) override {}
  godwit::store::condition state() const noexcept override {
    return godwit::store::condition::good;
  }
  bool has_room() const noexcept override { return true; }
  void fetch(godwit::store::fetch_request&&) override {}
  std::vector<godwit::store::fetched> take_fetched(std::uint8_t) override { return {}; }
  godwit::store::high_water recover(godwit::store::recovery_visitor&) override { return {}; }

 private:
  mutable int looks_left_ = -1;  // below 0: not yet
};

/// Keeps the id under which the publish asks for an answer.
class post_for_one_publish final : public post_office {
 public:
  void post(routing::shard_id, routing::shard_id, mail_batch&& batch) override {
    for (const letter& l : batch.letters) {
      if (const auto* const p = std::get_if<mail::publish>(&l)) asked = p->pending;
    }
  }
  pending_id asked = 0;
};

/// A QoS 1 publish whose only subscriber is on another shard, which answers with the ticket
/// `wanted`. Is it acknowledged in the end, if the store moves after so many looks at it?
bool is_acknowledged(int looks) {
  shard_options options;
  options.shards = 2;
  options.sys_interval = std::chrono::seconds{0};
  const base::moment now{};
  store_that_moves disk;
  post_for_one_publish mail;
  godwit::test::memory_transport connections;
  godwit::test::captured_log log;
  auth::anonymous_authenticator authenticator;
  auth::open_authorizer authorizer;
  routing::interest_table interest{2, 0};
  interest.add(routing::shard_id{1}, "t");
  number_source numbers;
  observe::counters counters;
  const observe::counters* const all_counters[] = {&counters};
  std::string client_id = "c";
  while (home_of(client_id, options.seed, options.shards) != routing::shard_id{0}) client_id += 'c';
  shard one{routing::shard_id{0},
            options,
            {.connections = connections,
             .mail = mail,
             .durable_store = disk,
             .authenticator = authenticator,
             .authorizer = authorizer,
             .interest = interest,
             .numbers = numbers,
             .counters = counters,
             .log = log,
             .all_counters = all_counters}};
  const auto turn = [&](const std::function<void()>& inside) {
    one.begin_turn(now);
    connections.deliver(one);
    inside();
    one.end_turn();
  };
  const auto wire = std::make_shared<godwit::test::memory_wire>();
  const auto send = [&](const base::bytes& packet) {
    wire->to_broker.insert(wire->to_broker.end(), packet.begin(), packet.end());
  };
  connections.accept(wire, {});
  send(godwit::test::connect_packet({.client_id = client_id}));
  turn([] {});
  send(godwit::test::publish_packet("t", "x", {.quality = godwit::test::qos1, .id = 1}));
  turn([] {});
  EXPECT_NE(mail.asked, 0U);
  const std::size_t before = wire->to_client.size();
  if (looks >= 0) disk.move_after(looks);
  turn([&] {
    mail_batch answers;
    answers.letters.push_back(mail::receipt{.pending = mail.asked, .ticket = wanted, .matched = 1});
    one.on_mail(routing::shard_id{1}, std::move(answers));
  });
  if (!disk.has_moved()) {
    EXPECT_EQ(wire->to_client.size(), before) << "not before it is durable";
    disk.move_now();
  }
  turn([] {});
  return wire->to_client.size() == before + 4;
}

TEST(DurableLook, NoMomentAtWhichTheStoreMovesLosesAnAcknowledgement) {
  for (int looks = -1; looks < 20; ++looks) EXPECT_TRUE(is_acknowledged(looks)) << looks;
}

}  // namespace
}  // namespace godwit::broker
