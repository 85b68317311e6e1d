#include "conformance/v5_test.hpp"
#include "unit/auth/scram_client.hpp"

#include <godwit/auth/gatekeeper.hpp>

namespace godwit::conformance::five {
namespace {

class closed_workshop final : public auth::workshop {
 public:
  bool submit(std::function<void()>, std::function<void()>) override { return false; }
};

std::shared_ptr<const auth::security> with_users(const std::string& file) {
  auto s = std::make_shared<auth::security>();
  s->passwords = *auth::password_file::parse(file);
  s->listeners = {{"default", {.scram = true}}};
  return s;
}

/// SCRAM-SHA-256 from the CONNECT to the reload, with the real gatekeeper.
class V5Scram : public v5_test {
 protected:
  V5Scram() { options.authenticator = &gate; }

  /// The final message in answer to what came.
  static std::string final_in(peer& p, auth::test::scram_client& client) {
    const auto got = p.take(15);
    if (!got) return {};
    const answer asked = answer_of(*got);
    EXPECT_EQ(asked.code, 0x18U);
    return client.final(find(asked.properties, 0x16).value_or(""));
  }
  /// As far as the CONNACK, whose code is kept.
  [[nodiscard]] peer log_in(const std::string& id, auth::test::scram_client client) {
    auto p = open();
    p.send(connect{.id = id, .properties = login(method, client.first())}.bytes());
    p.send(auth(0x18, method, final_in(p, client)));
    const auto got = p.take(2);
    connack = got ? answer_of(*got) : answer{.code = 0xFF};
    if (connack.code == 0) {
      EXPECT_EQ(find(connack.properties, 0x16), client.signature());
    }
    return p;
  }

  static constexpr const char* method = "SCRAM-SHA-256";
  const std::string users =
      "ann:" + auth::test::scram_example + "\nbob:" + auth::test::scram_example + "\n";
  closed_workshop none;
  auth::gatekeeper gate{with_users(users), none, none, base::bytes(32, std::byte{7}), {}};
};
INSTANTIATE_TEST_SUITE_P(Shards, V5Scram, one_and_three_shards, shards_of);

TEST_P(V5Scram, LetsInWhoKnowsThePassword) {
  clause("v5 MQTT-4.12.0-2");
  clause("v5 MQTT-4.12.0-5");
  for (const char* id : {"a", "b", "c", "d"}) {
    auto p = log_in(id, {"ann", "pencil"});
    EXPECT_EQ(connack.code, 0U);
    EXPECT_EQ(find(connack.properties, 0x15), method);
    expect_alive(p);
  }
}

TEST_P(V5Scram, RefusesOthers) {
  clause("v5 MQTT-4.12.0-4");
  for (const char* user : {"ann", "nobody"}) {
    auto p = log_in("c", {user, "wrong"});
    EXPECT_EQ(connack.code, 0x87U) << user;
    EXPECT_TRUE(p.closed());
  }
  for (const std::string first : {"", "n,,n=ann", "p=x,,n=ann,r=x"}) {
    EXPECT_EQ(refusal_of(connect{.properties = login(method, first)}.bytes()).code, 0x87U);
  }
  EXPECT_EQ(refusal_of(connect{.properties = login("SCRAM-SHA-1", "n,,n=ann,r=x")}.bytes()).code,
            0x8CU);
}

TEST_P(V5Scram, IsRenewedByItsUserOnly) {
  clause("v5 MQTT-4.12.1-2");
  const auto renew = [](peer& p, auth::test::scram_client client) {
    p.send(auth(0x19, method, client.first()));
    p.send(auth(0x18, method, final_in(p, client)));
    return client.signature();
  };
  auto p = log_in("c", {"ann", "pencil"});
  const std::string signature = renew(p, {"ann", "pencil"});
  const answer renewed = only_answer(p);
  EXPECT_EQ(renewed.code, 0U);
  EXPECT_EQ(find(renewed.properties, 0x16), signature);
  renew(p, {"bob", "pencil"});
  expect_goodbye(p, 0x87);
  auto q = log_in("c", {"ann", "pencil"});
  renew(q, {"ann", "wrong"});
  expect_goodbye(q, 0x87);
}

TEST_P(V5Scram, EndsWhenItsEntryGoes) {
  auto ann = log_in("a", {"ann", "pencil"});
  auto bob = log_in("b", {"bob", "pencil"});
  gate.adopt(with_users("bob:" + auth::test::scram_example + "\n"));
  for (std::size_t i = 0; i < broker().shards(); ++i) {
    broker().in_turn(i, [&] { broker().shard(i).review(); });
  }
  expect_goodbye(ann, 0x87);
  expect_alive(bob);
  auto late = log_in("a", {"ann", "pencil"});
  EXPECT_EQ(connack.code, 0x87U);
}

}  // namespace
}  // namespace godwit::conformance::five
