#include "jwt_fixtures.hpp"

#include <godwit/auth/jwt.hpp>
#include <godwit/auth/topic_pattern.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr base::wall_time start{std::chrono::seconds{1'500}};

jwt_keys keys_of(std::string_view key_file) {
  auto keys = jwt_keys::from_key_file(key_file);
  EXPECT_TRUE(keys.has_value());
  return *std::move(keys);
}
const jwt_keys& secret() {
  static const jwt_keys keys = keys_of(test::shared_secret);
  return keys;
}

/// The user's name, or why not.
std::string read(std::string_view token, const jwt_keys& keys, const jwt_options& o = {},
                 base::wall_time now = start, std::string_view client_id = "phone") {
  const auto told = read_jwt(token, keys, o, client_id, now);
  return told ? "user " + told->user_name : std::string{told.error().why};
}

TEST(Jwt, IsReadInAllFourAlgorithms) {
  EXPECT_EQ(read(test::token_hs256, secret()), "user ann");
  EXPECT_EQ(read(test::token_rs256, keys_of(test::rsa_public)), "user ann");
  EXPECT_EQ(read(test::token_es256, keys_of(test::p256_public)), "user ann");
  EXPECT_EQ(read(test::token_eddsa, keys_of(test::ed25519_public)), "user ann");
}

TEST(Jwt, NeedsASignatureOfAKnownKey) {
  const std::string refusal = "no known key has signed the token";
  EXPECT_EQ(read(test::token_hs256, keys_of("another secret of at least 32 bytes!")), refusal);
  EXPECT_EQ(read(test::token_rs256, keys_of(test::p256_public)), refusal);
  for (const std::string_view token :
       {test::token_hs256, test::token_rs256, test::token_es256, test::token_eddsa}) {
    jwt_keys all = secret();
    for (const std::string_view k : {test::rsa_public, test::p256_public, test::ed25519_public}) {
      all.add(keys_of(k));
    }
    EXPECT_EQ(read(token, all), "user ann");
    // One bit of the claims or of the signature.
    for (const std::size_t at : {token.find('.') + 5, token.size() - 5}) {
      std::string changed{token};
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(read(changed, all).starts_with("user")) << token;
    }
    EXPECT_FALSE(read(token.substr(0, token.rfind('.') + 1), all).starts_with("user"));
  }
}

TEST(Jwt, TheTokenDoesNotChooseHowItIsChecked) {
  EXPECT_EQ(read(test::token_alg_none, secret()), "the token's algorithm is not accepted");
  EXPECT_EQ(read(test::token_hs512, secret()), "the token's algorithm is not accepted");
  EXPECT_EQ(read(test::token_hs256_with_rsa_key, keys_of(test::rsa_public)),
            "no known key has signed the token");
  EXPECT_EQ(read(test::token_with_crit, secret()), "the token has critical extensions");
}

TEST(Jwt, EndsAndStartsAtItsTimes) {
  const auto at = [](int seconds) { return base::wall_time{std::chrono::seconds{seconds}}; };
  const jwt_options strict{.leeway = std::chrono::seconds{0}};
  EXPECT_EQ(read(test::token_until_1000_s, secret(), strict, at(999)), "user ann");
  EXPECT_EQ(read(test::token_until_1000_s, secret(), strict, at(1000)), "the token has expired");
  EXPECT_EQ(read(test::token_until_1000_s, secret(), {}, at(1029)), "user ann");
  EXPECT_EQ(read(test::token_until_1000_s, secret(), {}, at(1030)), "the token has expired");
  EXPECT_EQ(read(test::token_from_2000_s, secret(), strict, at(1999)),
            "the token is not valid yet");
  EXPECT_EQ(read(test::token_from_2000_s, secret(), strict, at(2000)), "user ann");
  EXPECT_EQ(read(test::token_from_2000_s, secret(), {}, at(1971)), "user ann");
  const auto told = read_jwt(test::token_until_1000_s, secret(), {}, "", at(0));
  EXPECT_EQ(told->expires, at(1030));
  EXPECT_EQ(told->vouched_by, voucher::jwt);
}

TEST(Jwt, ClaimsMustBeWhatTheyShouldBe) {
  EXPECT_EQ(read(test::token_without_exp, secret()), "the token has no exp");
  EXPECT_EQ(read(test::token_exp_is_text, secret()), "the token's exp is no time");
  EXPECT_EQ(read(test::token_exp_is_huge, secret()), "the token's exp is no time");
  for (const std::string_view token :
       {test::token_without_sub, test::token_sub_is_number, test::token_sub_has_control}) {
    EXPECT_EQ(read(token, secret()), "the token has no user name that can be used");
  }
  EXPECT_EQ(read(test::token_with_wrong_acl, secret(), {.acl_claim = "acl"}),
            "the token's topics are not as documented");
  EXPECT_EQ(read(test::token_hs256, secret(), {.issuer = "issuer"}), "another issuer's token");
  EXPECT_EQ(read(test::token_hs256, secret(), {.audience = "godwit"}),
            "a token for another audience");
  EXPECT_EQ(read(test::token_hs256, secret(), {.client_claim = "client"}),
            "a token for another client id");
}

TEST(Jwt, ClaimsBecomeTheLogin) {
  jwt_options o{.issuer = "issuer",
                .audience = "godwit",
                .client_claim = "client",
                .groups_claim = "groups",
                .acl_claim = "acl"};
  const auto told = read_jwt(test::token_with_all_claims, secret(), o, "phone", start);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->user_name, "ann");
  EXPECT_THAT(told->facts.groups, ElementsAre("admins", "staff"));
  ASSERT_TRUE(told->facts.grants);
  ASSERT_EQ(told->facts.grants->publish.size(), 1U);
  EXPECT_EQ(told->facts.grants->publish[0].text(), "d/%u/#");
  EXPECT_EQ(told->facts.grants->subscribe[0].text(), "d/#");
  EXPECT_FALSE(read_jwt(test::token_with_all_claims, secret(), o, "tablet", start).has_value());
  o.user_claim = "client";
  EXPECT_EQ(read(test::token_with_all_claims, secret(), o), "user phone");
}

TEST(JwtKeys, AreReadFromASet) {
  const auto set = jwt_keys::from_jwks(test::key_set);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->size(), 4U);  // not the one for encryption, not the curve that is not used
  for (const std::string_view token : {test::token_hs256, test::token_rs256, test::token_es256,
                                       test::token_eddsa, test::token_of_key_k1}) {
    EXPECT_EQ(read(token, *set), "user ann");
  }
  const auto told = read_jwt(test::token_rs256, *set, {}, "", start);
  EXPECT_TRUE(set->has(told->proof));
  EXPECT_TRUE(keys_of(test::rsa_public).has(told->proof));
  EXPECT_FALSE(secret().has(told->proof));
}

TEST(JwtKeys, AKeyOfAnotherNameIsNotTried) {
  const std::string k = R"("k":"YSBzaGFyZWQgc2VjcmV0IG9mIGF0IGxlYXN0IDMyIGJ5dGVz"}]})";
  const auto other = jwt_keys::from_jwks(R"({"keys":[{"kty":"oct","kid":"k2",)" + k);
  EXPECT_FALSE(read(test::token_of_key_k1, *other).starts_with("user"));
  EXPECT_EQ(read(test::token_hs256, *other), "user ann");
  const auto nameless = jwt_keys::from_jwks(R"({"keys":[{"kty":"oct",)" + k);
  EXPECT_EQ(read(test::token_of_key_k1, *nameless), "user ann");
}

TEST(JwtKeys, RefuseWhatIsWeakOrNoKey) {
  for (const std::string_view text :
       {std::string_view{""}, std::string_view{"short secret"}, test::rsa_1024_public,
        std::string_view{"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"},
        std::string_view{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}}) {
    EXPECT_FALSE(jwt_keys::from_key_file(text).has_value()) << text;
  }
  for (const char* text :
       {"", "[]", "{}", R"({"keys":[]})", R"({"keys":[1]})", R"({"keys":[{"kty":"oct","k":"AA"}]})",
        R"({"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]})",
        R"({"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]})",
        R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AQ"}]})"}) {
    EXPECT_FALSE(jwt_keys::from_jwks(text).has_value()) << text;
  }
  EXPECT_TRUE(jwt_keys::from_key_file(std::string{test::shared_secret} + "\n")
                  ->has(read_jwt(test::token_hs256, secret(), {}, "", start)->proof));
}

TEST(Jwt, IsToldFromAPassword) {
  EXPECT_TRUE(looks_like_jwt(test::token_hs256));
  for (const char* password : {"", "secret", "a.b.c", "eyJhbGciOiJub25lIn0", "eyJ.a.b.c"}) {
    EXPECT_FALSE(looks_like_jwt(password)) << password;
  }
}

}  // namespace
}  // namespace godwit::auth
