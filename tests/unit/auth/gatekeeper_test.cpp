#include "jwt_fixtures.hpp"
#include "rules.hpp"

#include <godwit/auth/gatekeeper.hpp>

#include <gmock/gmock.h>

#include <deque>

namespace godwit::auth {
namespace {

using namespace std::chrono_literals;
using mqtt::reason_code;

/// Does the work when the test says so.
class bench_workshop final : public workshop {
 public:
  bool submit(std::function<void()> work, std::function<void()> after) override {
    if (is_full) return false;
    waiting.push_back([work = std::move(work), after = std::move(after)] {
      work();
      after();
    });
    ++submitted;
    return true;
  }
  void run() {
    while (!waiting.empty()) {
      const auto next = std::move(waiting.front());
      waiting.pop_front();
      next();
    }
  }
  bool is_full = false;
  std::size_t submitted = 0;
  std::deque<std::function<void()>> waiting;
};

// "secret" and "p wä", made by mosquitto_passwd, and cheap to compute.
const std::string users =
    "ann:$7$101$RV3r+FRW6eydviYc$nxfXZvbCmQ167lHHIMCfULsyDWBNf4e8+Fx/"
    "U00LM3jUO+BpvZPAV/b/BYVQacxlldPmELLOLpgUdk/eLiG6dQ==\n"
    "carl:$7$101$RV3r+FRW6eydviYc$nxfXZvbCmQ167lHHIMCfULsyDWBNf4e8+Fx/"
    "U00LM3jUO+BpvZPAV/b/BYVQacxlldPmELLOLpgUdk/eLiG6dQ==\n";
const std::string without_ann = users.substr(users.find("carl"));

std::shared_ptr<security> with_passwords(std::string_view file = users) {
  auto s = std::make_shared<security>();
  s->passwords = *password_file::parse(file);
  s->listeners = {{"default", {.password = true}}, {"open", {}}};
  return s;
}

class Gatekeeper : public testing::Test {
 protected:
  Gatekeeper() : Gatekeeper{with_passwords()} {}
  explicit Gatekeeper(std::shared_ptr<const security> s)
      : gate{std::move(s), works, asking, base::bytes(32, std::byte{7}), {}} {}

  struct login {
    std::optional<std::string_view> user{};
    std::optional<std::string_view> password{};
    std::string_view listener = "default";
    std::string_view peer = "10.0.0.1:1000";
    const auth::certificate* certificate = nullptr;
  };
  credentials made(const login& l) const {
    credentials c;
    c.client_id = "c";
    c.user_name = l.user;
    if (l.password) c.password = base::as_bytes(*l.password);
    c.peer = l.peer;
    c.listener = l.listener;
    c.certificate = l.certificate;
    c.now = now;
    return c;
  }
  /// The verdict, after all work is done.
  verdict ask(const login& l) {
    std::optional<verdict> out;
    gate.authenticate(made(l), [&](verdict v) { out = std::move(v); });
    works.run();
    asking.run();
    EXPECT_TRUE(out.has_value());
    return out.value_or(verdict{.code = reason_code::unspecified_error});
  }
  reason_code code(const login& l) { return ask(l).code; }

  bench_workshop works;
  bench_workshop asking;
  gatekeeper gate;
  base::moment now{base::steady_time{100s}, base::wall_time{1'500s}};
};

TEST_F(Gatekeeper, LetsInWhoKnowsThePassword) {
  const verdict v = ask({"ann", "secret"});
  EXPECT_EQ(v.code, reason_code::success);
  EXPECT_EQ(v.who.user_name(), "ann");
  EXPECT_EQ(code({"ann", "Secret"}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"bob", "secret"}), reason_code::bad_user_name_or_password);
}

// Batteries 91, 92 and 93
TEST_F(Gatekeeper, RefusesHalfALogin) {
  for (const login& l : {login{}, login{"ann", {}}, login{"", "secret"}, login{{}, "secret"},
                         login{"ann", ""}, login{"", ""}}) {
    EXPECT_EQ(code(l), reason_code::bad_user_name_or_password);
  }
  const std::size_t before = works.submitted;
  const std::string long_one(65'535, 'x');
  EXPECT_EQ(code({"ann", long_one}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(works.submitted, before);  // refused before anything was computed
  EXPECT_EQ(code({"ann", "secret", "elsewhere"}), reason_code::not_authorized);
}

// Battery 94: an unknown user costs a hash of the same kind, and the answer is the same.
TEST_F(Gatekeeper, UnknownUsersCostTheSame) {
  const verdict known = ask({"ann", "wrong"});
  EXPECT_EQ(works.submitted, 1U);
  const verdict unknown = ask({"nobody", "wrong"});
  EXPECT_EQ(works.submitted, 2U);
  EXPECT_EQ(known.code, unknown.code);
  EXPECT_STREQ(known.why, unknown.why);
}

TEST_F(Gatekeeper, RemembersGoodLoginsOnly) {
  EXPECT_EQ(code({"ann", "secret"}), reason_code::success);
  EXPECT_EQ(code({"ann", "secret"}), reason_code::success);
  EXPECT_EQ(works.submitted, 1U);
  EXPECT_EQ(code({"ann", "wrong"}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"ann", "wrong"}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(works.submitted, 3U);
}

// Battery 88: what cannot be decided is refused.
TEST_F(Gatekeeper, RefusesWhenTooManyWait) {
  works.is_full = true;
  EXPECT_EQ(code({"ann", "secret"}), reason_code::server_unavailable);
}

TEST_F(Gatekeeper, SlowsWhoTriesPasswords) {
  const login_options usual;
  for (std::uint32_t i = 0; i <= usual.failures_free; ++i) {
    EXPECT_EQ(code({"ann", "wrong"}), reason_code::bad_user_name_or_password) << i;
  }
  const std::size_t before = works.submitted;
  EXPECT_EQ(code({"ann", "wrong"}), reason_code::server_unavailable);
  EXPECT_EQ(code({"carl", "secret"}), reason_code::server_unavailable);  // the same address
  EXPECT_EQ(works.submitted, before);
  // An address that has not failed for ann gets its try, but one wrong one is enough.
  const std::string_view elsewhere = "10.0.0.2:1000";
  EXPECT_EQ(code({"ann", "guess", "default", elsewhere}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"ann", "guess", "default", elsewhere}), reason_code::server_unavailable);
  EXPECT_EQ(code({"carl", "guess", "default", elsewhere}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"ann", "secret", "default", "10.0.0.3:1"}), reason_code::success);
  // She is remembered now, so nothing keeps her out; not even her own address.
  EXPECT_EQ(code({"ann", "secret"}), reason_code::success);
  now.steady += usual.failure_interval * (usual.failures_free + 20);
  EXPECT_EQ(code({"carl", "secret"}), reason_code::success);
}

TEST_F(Gatekeeper, OpenListenersKnowNobody) {
  const verdict v = ask({"ann", "wrong", "open"});
  EXPECT_EQ(v.code, reason_code::success);
  EXPECT_EQ(v.who.user_name(), "");
  EXPECT_EQ(v.who.who(), nullptr);  // costs no memory
}

TEST_F(Gatekeeper, AnonymousIsWhoShowsNothing) {
  auto s = with_passwords();
  s->listeners[0].ways.anonymous = true;
  gate.adopt(s);
  EXPECT_EQ(code({}), reason_code::success);
  EXPECT_EQ(code({"ann", "wrong"}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"ann", {}}), reason_code::bad_user_name_or_password);
}

TEST_F(Gatekeeper, TokensAreReadBeforePasswords) {
  auto s = with_passwords();
  s->keys = *jwt_keys::from_key_file(test::shared_secret);
  s->listeners[0].ways.jwt = true;
  gate.adopt(s);
  const verdict v = ask({"whatever", test::token_hs256});
  EXPECT_EQ(v.code, reason_code::success);
  EXPECT_EQ(v.who.user_name(), "ann");
  EXPECT_EQ(ask({{}, test::token_hs256}).who.user_name(), "ann");  // MQTT 5 needs no user name
  EXPECT_EQ(code({"ann", test::token_es256}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(code({"ann", "secret"}), reason_code::success);
}

TEST_F(Gatekeeper, SaysHowTheClientTriedToLogIn) {
  auto s = with_passwords();
  s->keys = *jwt_keys::from_key_file(test::shared_secret);
  s->listeners[0].ways.jwt = true;
  s->listeners[0].ways.certificate = true;
  gate.adopt(s);
  EXPECT_EQ(ask({"ann", "secret"}).tried, voucher::password);
  EXPECT_EQ(ask({"ann", "wrong"}).tried, voucher::password);
  EXPECT_EQ(ask({"ann", {}}).tried, voucher::password);
  EXPECT_EQ(ask({"ann", test::token_hs256}).tried, voucher::jwt);
  EXPECT_EQ(ask({"ann", test::token_es256}).tried, voucher::jwt);
  EXPECT_EQ(ask({}).tried, voucher::nobody);
  EXPECT_EQ(ask({"ann", "wrong", "open"}).tried, voucher::nobody);
  const certificate nameless;
  EXPECT_EQ(ask({{}, {}, "default", "10.0.0.1:1", &nameless}).tried, voucher::certificate);
}

TEST_F(Gatekeeper, SlowsWhoTriesTokens) {
  auto s = with_passwords();
  s->keys = *jwt_keys::from_key_file(test::shared_secret);
  s->listeners[0].ways.jwt = true;
  gate.adopt(s);
  for (std::uint32_t i = 0; i <= s->login.failures_free; ++i) {
    EXPECT_EQ(code({"", test::token_es256}), reason_code::bad_user_name_or_password);
  }
  EXPECT_EQ(code({"", test::token_es256}), reason_code::server_unavailable);
  EXPECT_EQ(code({"", test::token_hs256, "default", "10.0.0.2:1"}), reason_code::success);
  now.steady += s->login.failure_interval * 2;
  EXPECT_EQ(code({"", test::token_hs256}), reason_code::success);
}

TEST_F(Gatekeeper, ALoginsTopicsCountWithoutRules) {
  auto s = with_passwords();
  s->keys = *jwt_keys::from_key_file(test::shared_secret);
  s->login.jwt.acl_claim = "acl";
  s->listeners[0].ways.jwt = true;
  gate.adopt(s);
  const principal token = ask({"", test::token_with_all_claims}).who;
  EXPECT_TRUE(gate.check(token, "c", action::publish, "d/ann/x").allowed);
  EXPECT_FALSE(gate.check(token, "c", action::publish, "x").allowed);
  EXPECT_FALSE(gate.check(token, "c", action::receive, "x").allowed);
  EXPECT_TRUE(gate.limits_receivers());
  EXPECT_TRUE(gate.check(ask({"ann", "secret"}).who, "c", action::publish, "x").allowed);
}

// Batteries 95 and 96
TEST_F(Gatekeeper, OneFieldOfACertificateIsTheName) {
  auto s = with_passwords();
  s->listeners[0].ways.certificate = true;
  s->login.certificate_user = certificate_user::common_name;
  gate.adopt(s);
  certificate pump{"pump", "CN=pump,O=x", {"pump.example"}};
  EXPECT_EQ(ask({{}, {}, "default", "10.0.0.1:1", &pump}).who.user_name(), "pump");
  pump.common_name = "";  // several of them
  EXPECT_EQ(code({{}, {}, "default", "10.0.0.1:1", &pump}), reason_code::bad_user_name_or_password);
  pump.common_name = "a\r\nb";
  EXPECT_EQ(code({{}, {}, "default", "10.0.0.1:1", &pump}), reason_code::bad_user_name_or_password);
  auto whole = std::make_shared<security>(*s);
  whole->login.certificate_user = certificate_user::subject;
  gate.adopt(whole);
  EXPECT_EQ(ask({{}, {}, "default", "10.0.0.1:1", &pump}).who.user_name(), "CN=pump,O=x");
  EXPECT_EQ(ask({"ann", "secret"}).who.user_name(), "ann");  // who shows none has other ways
}

TEST_F(Gatekeeper, ReviewsWhoIsIn) {
  const principal ann = ask({"ann", "secret"}).who;
  const principal nobody = ask({{}, {}, "open"}).who;
  const auto stays = [&](const principal& who, std::string_view listener = "default") {
    return gate.review(who, made({.listener = listener})).has_value();
  };
  EXPECT_TRUE(stays(ann));
  EXPECT_TRUE(stays(nobody, "open"));
  EXPECT_FALSE(stays(nobody));
  gate.adopt(with_passwords(without_ann));
  EXPECT_FALSE(stays(ann));
  std::string changed = users;
  changed.replace(changed.find("RV3r"), 4, "RV3s");  // another salt: another password
  gate.adopt(with_passwords(changed));
  EXPECT_FALSE(stays(ann));
  gate.adopt(with_passwords());
  EXPECT_TRUE(stays(ann));
}

TEST_F(Gatekeeper, ALoginUnderWayIsJudgedByWhatCountsAtItsEnd) {
  std::optional<verdict> out;
  gate.authenticate(made({"ann", "secret"}), [&](verdict v) { out = std::move(v); });
  ASSERT_FALSE(out.has_value());
  gate.adopt(with_passwords(without_ann));
  works.run();
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(out->code, reason_code::bad_user_name_or_password);
}

TEST_F(Gatekeeper, NotesWhatRulesAskFor) {
  EXPECT_EQ(ask({"ann", "secret"}).who.facts(), nullptr);
  auto s = with_passwords();
  rule_options inside = test::allow(every_deed, {"inside"});
  inside.addresses = {"10.0.0.0/8"};
  s->rules = test::compiled({inside});
  const principal before = ask({"ann", "secret"}).who;
  gate.adopt(s);
  const auto may = [&](const principal& who) {
    return gate.check(who, "c", action::publish, "inside").allowed;
  };
  EXPECT_FALSE(may(before));
  EXPECT_TRUE(may(*gate.review(before, made({}))));
  EXPECT_TRUE(may(ask({"ann", "secret"}).who));
  EXPECT_FALSE(may(ask({"ann", "secret", "default", "[2001:db8::1]:5"}).who));
  EXPECT_TRUE(may(ask({{}, {}, "open"}).who));
}

class scripted_service final : public remote_authenticator {
 public:
  mutable std::size_t asked = 0;
  mutable remote_question last;
  remote_answer answer;
  [[nodiscard]] remote_answer ask(const remote_question& about) const noexcept override {
    ++asked;
    last = about;
    return answer;
  }
};

class GatekeeperWithService : public Gatekeeper {
 protected:
  GatekeeperWithService() {
    s->listeners[0].ways.http = true;
    s->remote = service;
    service->answer.said = remote_answer::outcome::allowed;
    gate.adopt(s);
  }
  std::shared_ptr<scripted_service> service = std::make_shared<scripted_service>();
  std::shared_ptr<security> s = with_passwords();
};

TEST_F(GatekeeperWithService, AsksItAboutWhoIsNotInTheFile) {
  service->answer.groups = {"staff"};
  service->answer.good_for = 60s;
  const verdict v = ask({"bob", "pw", "default", "[::1]:5"});
  EXPECT_EQ(v.code, reason_code::success);
  EXPECT_EQ(v.who.user_name(), "bob");
  EXPECT_EQ(v.who.expires(), now.wall + 60s);
  EXPECT_THAT(v.who.facts()->groups, testing::ElementsAre("staff"));
  EXPECT_EQ(v.tried, voucher::http);
  EXPECT_EQ(service->last.user_name, "bob");
  EXPECT_EQ(service->last.address, "[::1]");
  EXPECT_EQ(ask({"ann", "wrong"}).tried, voucher::password)
      << "whoever is in the file is the file's";
  EXPECT_EQ(service->asked, 1U);
}

TEST_F(GatekeeperWithService, RemembersAGoodAnswerForAWhile) {
  EXPECT_EQ(code({"bob", "pw"}), reason_code::success);
  now.steady += 59s;
  EXPECT_EQ(code({"bob", "pw"}), reason_code::success);
  EXPECT_EQ(service->asked, 1U);
  EXPECT_EQ(code({"bob", "other"}), reason_code::success);
  EXPECT_EQ(service->asked, 2U);
  now.steady += 61s;
  EXPECT_EQ(code({"bob", "other"}), reason_code::success);
  EXPECT_EQ(service->asked, 3U);
}

// Battery 88
TEST_F(GatekeeperWithService, LetsNobodyInWhenItFails) {
  service->answer.said = remote_answer::outcome::failed;
  EXPECT_EQ(code({"bob", "pw"}), reason_code::server_unavailable);
  service->answer.said = remote_answer::outcome::denied;
  EXPECT_EQ(code({"bob", "pw"}), reason_code::bad_user_name_or_password);
  EXPECT_EQ(service->asked, 2U);  // neither is remembered
  asking.is_full = true;
  EXPECT_EQ(code({"bob", "pw"}), reason_code::server_unavailable);
  EXPECT_EQ(code({"bob", "\xC3\x28"}), reason_code::bad_user_name_or_password);
}

TEST(LoginThrottle, IsBounded) {
  login_throttle t{{.failures_free = 1, .failure_interval = 1s, .entries_max = 30}, {1, 2}};
  const base::steady_time now{10s};
  for (int i = 0; i < 1'000; ++i) {
    t.count_failure(*base::parse_ip("10.0.0." + std::to_string(i % 250)), std::to_string(i), now);
    EXPECT_LE(t.size(), 30U);
  }
}

TEST(LoginThrottle, TakesA64OfIpv6ForOneSender) {
  login_throttle t{{.failures_free = 1, .failure_interval = 1s}, {1, 2}};
  const base::steady_time now{10s};
  t.count_failure(*base::parse_ip("2001:db8::1"), "a", now);
  t.count_failure(*base::parse_ip("2001:db8::2"), "b", now);
  EXPECT_FALSE(t.admits(*base::parse_ip("2001:db8::3"), "c", now));
  EXPECT_TRUE(t.admits(*base::parse_ip("2001:db8:0:1::3"), "c", now));
  EXPECT_TRUE(t.admits(*base::parse_ip("2001:db8::3"), "c", now + 1s));
}

TEST(LoginCache, ForgetsTheOldest) {
  login_cache cache{base::bytes(32, std::byte{1}), 10};
  const password_hash h = password_hash::of_token("x");
  for (int i = 0; i < 100; ++i) {
    cache.add(std::to_string(i), h, base::as_bytes("p"));
    EXPECT_LE(cache.size(), 10U);
  }
  EXPECT_TRUE(cache.knows("99", h, base::as_bytes("p")));
  EXPECT_FALSE(cache.knows("99", h, base::as_bytes("q")));
  EXPECT_FALSE(cache.knows("99", password_hash::of_token("y"), base::as_bytes("p")));
  EXPECT_FALSE(cache.knows("1", h, base::as_bytes("p")));
}

}  // namespace
}  // namespace godwit::auth
