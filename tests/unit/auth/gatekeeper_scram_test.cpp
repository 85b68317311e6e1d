#include "scram_client.hpp"

#include <godwit/auth/gatekeeper.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace godwit::auth {
namespace {

using namespace std::chrono_literals;
using mqtt::reason_code;

/// Nothing of SCRAM goes to other threads.
class closed_workshop final : public workshop {
 public:
  bool submit(std::function<void()>, std::function<void()>) override {
    ADD_FAILURE() << "work for another thread";
    return false;
  }
};

std::shared_ptr<security> with_users(const std::string& file) {
  auto s = std::make_shared<security>();
  s->passwords = *password_file::parse(file);
  s->listeners = {{"default", {.scram = true}}, {"passwords", {.password = true}}, {"open", {}}};
  return s;
}

class GatekeeperScram : public testing::Test {
 protected:
  credentials from(std::string_view peer = "10.0.0.1:1000",
                   std::string_view listener = "default") const {
    credentials c;
    c.client_id = "c";
    c.peer = peer;
    c.listener = listener;
    c.now = now;
    return c;
  }
  static std::string text(const exchange::step& s) { return std::string{base::as_text(s.data)}; }
  /// The verdict on a whole exchange.
  verdict log_in(test::scram_client client, const credentials& c) {
    const auto steps = gate.begin_exchange(c, scram_method);
    if (!steps) return {.code = reason_code::bad_authentication_method};
    exchange::step step = steps->take(base::as_bytes(client.first()), now);
    if (step.is == exchange::state::over) return step.end;
    challenge = text(step);
    step = steps->take(base::as_bytes(client.final(challenge)), now);
    EXPECT_EQ(step.is, exchange::state::over);
    if (step.end.code == reason_code::success) {
      EXPECT_EQ(base::as_text(step.end.data), client.signature());
    } else {
      EXPECT_TRUE(step.end.data.empty());
    }
    return step.end;
  }
  reason_code code(const char* user, const char* password,
                   std::string_view peer = "10.0.0.1:1000") {
    return log_in({user, password}, from(peer)).code;
  }

  const std::string users = "ann:" + test::scram_example + "\npump:$token$" +
                            "8/ZhGIvnQFNIGK3JmmTWXBbFvGfhbVJnmbyWKpqT6yk=\n";
  closed_workshop none;
  gatekeeper gate{with_users(users), none, none, base::bytes(32, std::byte{7}), {}};
  base::moment now{base::steady_time{100s}, base::wall_time{1'500s}};
  std::string challenge;
};

TEST_F(GatekeeperScram, LetsInWhoKnowsThePassword) {
  const verdict v = log_in({"ann", "pencil"}, from());
  EXPECT_EQ(v.code, reason_code::success);
  EXPECT_EQ(v.who.user_name(), "ann");
  EXPECT_EQ(v.tried, voucher::scram);
  EXPECT_EQ(log_in({"ann", "Pencil"}, from()).tried, voucher::scram);
  EXPECT_EQ(code("ann", "Pencil"), reason_code::not_authorized);
  credentials named = from();
  named.user_name = "ann";
  EXPECT_EQ(log_in({"ann", "pencil"}, named).code, reason_code::success);
  named.user_name = "bob";  // it would be in doubt who that is
  EXPECT_EQ(log_in({"ann", "pencil"}, named).code, reason_code::not_authorized);
}

TEST_F(GatekeeperScram, IsServedWhereTheListenerOffersIt) {
  EXPECT_TRUE(gate.begin_exchange(from(), scram_method));
  for (const char* method : {"", "SCRAM-SHA-1", "scram-sha-256", "SCRAM-SHA-256-PLUS"}) {
    EXPECT_FALSE(gate.begin_exchange(from(), method)) << method;
  }
  for (const char* listener : {"passwords", "open", "elsewhere"}) {
    EXPECT_FALSE(gate.begin_exchange(from("10.0.0.1:1", listener), scram_method)) << listener;
  }
  // And there it lets nobody in without it.
  std::optional<verdict> out;
  credentials c = from();
  c.user_name = "ann";
  c.password = base::as_bytes("pencil");
  gate.authenticate(c, [&](verdict v) { out = std::move(v); });
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->code, reason_code::bad_user_name_or_password);
}

// Battery 94: unknown users, and those without keys, get as far as others.
TEST_F(GatekeeperScram, UnknownUsersLookLikeOthers) {
  const verdict known = log_in({"ann", "wrong"}, from());
  const std::string of_known = challenge;
  for (const char* user : {"nobody", "pump"}) {
    const verdict unknown = log_in({user, "wrong"}, from());
    EXPECT_EQ(unknown.code, known.code);
    EXPECT_STREQ(unknown.why, known.why);
    EXPECT_EQ(challenge.size(), of_known.size());
    const auto salt = challenge.substr(challenge.find(",s="));
    EXPECT_EQ(salt.substr(salt.find(",i=")), ",i=4096");
    static_cast<void>(log_in({user, "wrong"}, from()));
    EXPECT_EQ(challenge.substr(challenge.find(",s=")), salt) << "always the same salt";
  }
}

TEST_F(GatekeeperScram, NoNonceComesTwice) {
  gatekeeper other{with_users(users), none, none, base::bytes(32, std::byte{7}), {1, 2}};
  std::set<std::string> seen;
  for (gatekeeper* g : {&gate, &other}) {
    for (int i = 0; i < 10; ++i) {
      const auto steps = g->begin_exchange(from(), scram_method);
      seen.insert(text(steps->take(base::as_bytes("n,,n=ann,r=abc"), now)));
    }
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST_F(GatekeeperScram, SlowsWhoTriesPasswords) {
  const login_options usual;
  for (std::uint32_t i = 0; i <= usual.failures_free; ++i) {
    EXPECT_EQ(code("ann", "wrong"), reason_code::not_authorized) << i;
  }
  EXPECT_EQ(code("ann", "pencil"), reason_code::server_unavailable);
  EXPECT_EQ(code("ann", "pencil", "10.0.0.2:1"), reason_code::success);
  now.steady += usual.failure_interval * 2;
  EXPECT_EQ(code("ann", "pencil"), reason_code::success);
}

TEST_F(GatekeeperScram, AnExchangeIsJudgedByWhatCountsAtItsEnd) {
  test::scram_client client{"ann", "pencil"};
  for (const bool is_gone : {false, true}) {
    const auto steps = gate.begin_exchange(from(), scram_method);
    const std::string first = text(steps->take(base::as_bytes(client.first()), now));
    gate.adopt(with_users(is_gone ? "" : users));
    const auto end = steps->take(base::as_bytes(client.final(first)), now).end;
    EXPECT_EQ(end.code, is_gone ? reason_code::not_authorized : reason_code::success);
    EXPECT_EQ(end.data.empty(), is_gone);
  }
}

TEST_F(GatekeeperScram, ReviewsWhoIsIn) {
  const principal ann = log_in({"ann", "pencil"}, from()).who;
  const auto stays = [&](std::string_view listener = "default") {
    return gate.review(ann, from("10.0.0.1:1", listener)).has_value();
  };
  EXPECT_TRUE(stays());
  EXPECT_FALSE(stays("passwords"));
  gate.adopt(with_users(""));
  EXPECT_FALSE(stays());
  std::string changed = users;
  changed.replace(changed.find("W22"), 3, "X22");
  gate.adopt(with_users(changed));
  EXPECT_FALSE(stays());
  gate.adopt(with_users(users));
  EXPECT_TRUE(stays());
}

}  // namespace
}  // namespace godwit::auth
