#include "scram_client.hpp"

#include <godwit/auth/password_file.hpp>
#include <godwit/auth/password_hash.hpp>
#include <godwit/auth/scram.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::auth {
namespace {

using testing::HasSubstr;

// The example of RFC 7677.
constexpr std::string_view client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string both_nonces = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string without_proof = "c=biws," + both_nonces;
const std::string good_proof = ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

password_hash example() {
  return *password_hash::parse(test::scram_example);
}

/// What the client's final message gets, after the example's first one.
base::result<std::string, scram_refusal> answer_to(const std::string& client_final) {
  const password_hash entry = example();
  scram_server server;
  EXPECT_EQ(*server.begin(client_first), "user");
  EXPECT_EQ(server.challenge(*entry.scram(), server_nonce),
            both_nonces + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  return server.finish(client_final);
}

std::string user_in(std::string_view first) {
  const auto user = scram_server{}.begin(first);
  return user ? *user : std::string{"refused: "} + user.error().why;
}

TEST(Scram, SpeaksAsTheRfcShows) {
  const auto answer = answer_to(without_proof + good_proof);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(*answer, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, RefusesEveryOtherProof) {
  for (std::size_t at = without_proof.size() + 3; at < without_proof.size() + 40; ++at) {
    std::string changed = without_proof + good_proof;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(answer_to(changed)) << changed;
  }
  for (const std::string& wrong :
       {std::string{}, without_proof, without_proof + ",p=", without_proof + ",p=AAAA",
        without_proof + good_proof + ",x=1", "c=eSws," + both_nonces + good_proof,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO" + good_proof, both_nonces + good_proof,
        "c=biws" + good_proof, "c=biws," + both_nonces + "x" + good_proof,
        std::string(scram_message_bytes_max, 'x') + good_proof}) {
    EXPECT_FALSE(answer_to(wrong)) << wrong;
  }
}

TEST(Scram, AProofIsForOneNonceOnly) {
  const password_hash entry = example();
  scram_server server;
  ASSERT_TRUE(server.begin(client_first));
  static_cast<void>(server.challenge(*entry.scram(), "other"));
  EXPECT_FALSE(server.finish("c=biws,r=rOprNGfwEbeRWgbNEkqOother" + good_proof));
}

TEST(Scram, ReadsTheClientsFirstMessage) {
  EXPECT_EQ(user_in("n,,n=ann,r=x"), "ann");
  EXPECT_EQ(user_in("y,,n=ann,r=x"), "ann");
  EXPECT_EQ(user_in("n,a=ann,n=ann,r=x"), "ann");
  EXPECT_EQ(user_in("n,,n=a=2Cb=3Dc,r=x"), "a,b=c");
  EXPECT_EQ(user_in("n,,n=\xC3\xA4,r=x,ext=1"), "\xC3\xA4");
  for (const std::string_view wrong :
       {"", "n", "n,", "n,,", "n,,n=", "n,,n=ann", "n,,n=ann,", "n,,n=ann,r=", "n,,r=x,n=ann",
        "n,,m=1,n=ann,r=x", "n,,n=a=b,r=x", "n,,n=a=2c,r=x", "n,,n=\xC3,r=x", "n,,n=ann,r=a b",
        "p=tls-unique,,n=ann,r=x", "x,,n=ann,r=x", "n,a=bob,n=ann,r=x", "N,,n=ann,r=x",
        "nn,,n=ann,r=x"}) {
    EXPECT_THAT(user_in(wrong), HasSubstr("refused: ")) << wrong;
  }
  EXPECT_THAT(user_in("n,,n=ann,r=" + std::string(scram_message_bytes_max, 'x')),
              HasSubstr("too long"));
}

TEST(Scram, AClientOfOurOwnAgrees) {
  const base::bytes salt(16, std::byte{5});
  const password_hash entry = password_hash::of_scram("a p=w,\"d", salt);
  for (const std::string header : {"n,,", "y,,", "n,a=a=2Cb,"}) {
    test::scram_client client{"a=2Cb", "a p=w,\"d", header};
    scram_server server;
    ASSERT_EQ(*server.begin(client.first()), "a,b");
    const auto end = server.finish(client.final(server.challenge(*entry.scram(), "xyz")));
    ASSERT_TRUE(end.has_value()) << end.error().why;
    EXPECT_EQ(*end, client.signature());
  }
}

TEST(ScramEntry, ServesPasswordsToo) {
  const password_hash entry = example();
  EXPECT_EQ(entry.kind(), hash_kind::scram_sha256);
  EXPECT_TRUE(entry.is_slow());
  EXPECT_EQ(entry.text(), test::scram_example);
  EXPECT_TRUE(entry.matches(base::as_bytes("pencil")));
  for (const char* wrong : {"", "Pencil", "pencil ", "user"}) {
    EXPECT_FALSE(entry.matches(base::as_bytes(wrong))) << wrong;
  }
  const password_hash made = password_hash::of_scram("pencil", base::bytes(16, std::byte{1}));
  EXPECT_THAT(made.text(), testing::StartsWith("$scram-sha-256$20000$AQEBAQEBAQEBAQEBAQEBAQ==$"));
  EXPECT_TRUE(made.matches(base::as_bytes("pencil")));
  EXPECT_EQ(password_hash::parse(made.text())->scram()->iterations, scram_iterations);
  EXPECT_FALSE(password_hash::of_token("gdt_x").scram().has_value());
}

TEST(ScramEntry, IsWholeOrNone) {
  const std::string good = test::scram_example;
  for (std::size_t size = 1; size + 1 < good.size(); ++size) {
    EXPECT_FALSE(password_hash::parse(good.substr(0, size))) << good.substr(0, size);
  }
  EXPECT_FALSE(password_hash::parse(good + "$"));
  std::string weak = good;
  EXPECT_FALSE(password_hash::parse(weak.replace(weak.find("4096"), 4, "4095")));
  EXPECT_TRUE(is_scram_password(" ~a1"));
  EXPECT_FALSE(is_scram_password("w\xC3\xA4"));
  EXPECT_FALSE(is_scram_password("tab\t"));
}

// Who asks must not see whether there is such a user, today or after a restart or a change.
TEST(ScramStandIn, LooksLikeAnEntry) {
  const std::string users = "ann:" + test::scram_example + "\n";
  base::bytes salt;
  base::bytes again;
  base::bytes other;
  const auto file = *password_file::parse(users);
  const scram_verifier made_up = file.stand_in_for_scram("bob", salt);
  EXPECT_EQ(made_up.iterations, 4'096U);
  EXPECT_EQ(made_up.salt.size(), 16U);
  const auto later = *password_file::parse(users + "carl:" + test::scram_example + "\n");
  static_cast<void>(later.stand_in_for_scram("bob", again));
  static_cast<void>(later.stand_in_for_scram("dave", other));
  EXPECT_EQ(salt, again);
  EXPECT_NE(salt, other);
  EXPECT_NE(base::as_text(salt), base::as_text(file.find("ann")->hash.scram()->salt));
  EXPECT_EQ(password_file::parse("")->stand_in_for_scram("bob", salt).iterations, scram_iterations);
}

}  // namespace
}  // namespace godwit::auth
