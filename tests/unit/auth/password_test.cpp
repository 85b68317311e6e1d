#include <godwit/auth/password_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace godwit::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

// Made with mosquitto_passwd and with libsodium.
constexpr std::string_view made_by_mosquitto_7 =
    "$7$101$RV3r+FRW6eydviYc$nxfXZvbCmQ167lHHIMCfULsyDWBNf4e8+Fx/U00LM3jUO+BpvZPAV/b/BYVQacxlldPmEL"
    "LOLpgUdk/eLiG6dQ==";
constexpr std::string_view made_by_mosquitto_6 =
    "$6$c48uhtYCSE7PuPqh$tluWI2VhgaumuNYJ/IBZ7koSwQ67z4Fz7OnH1NdqThKOgst3kv2IbBHbfO+90RzXoLlgMUVY+m"
    "U9j0lJVvho1A==";
constexpr std::string_view argon2id =
    "$argon2id$v=19$m=19456,t=2,p=1$zr+TME0CPH9OcfV6vdSWaQ$/FV3xujwVq0gTDNfv+qf7cXu2R1MXEBGkQw27u1I"
    "K10";

password_hash hash(std::string_view text) {
  auto parsed = password_hash::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return *std::move(parsed);
}

bool is_password(const password_hash& h, std::string_view password) {
  return h.matches(base::as_bytes(password));
}

TEST(PasswordHash, ReadsAllForms) {
  EXPECT_TRUE(is_password(hash(made_by_mosquitto_7), "secret"));
  EXPECT_TRUE(is_password(hash(made_by_mosquitto_6), "p w\xC3\xA4"));
  EXPECT_TRUE(is_password(hash(argon2id), "secret"));
  for (const std::string_view text : {made_by_mosquitto_7, made_by_mosquitto_6, argon2id}) {
    for (const char* wrong : {"", "Secret", "secret ", "secre", "ann"}) {
      EXPECT_FALSE(is_password(hash(text), wrong)) << text << " " << wrong;
    }
    EXPECT_EQ(hash(text).text(), text);
  }
}

// Batteries 90 and 93: every byte counts.
TEST(PasswordHash, TakesEveryByte) {
  const std::string zero{"a\0b", 3};
  const password_hash h = password_hash::of_password(base::as_bytes(zero));
  EXPECT_EQ(h.kind(), hash_kind::argon2id);
  EXPECT_TRUE(h.text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(is_password(h, zero));
  EXPECT_FALSE(is_password(h, "a"));
  EXPECT_FALSE(is_password(h, std::string{"a\0c", 3}));
  EXPECT_FALSE(is_password(h, std::string(65'535, 'x')));
  EXPECT_TRUE(is_password(password_hash::of_password({}), ""));
}

TEST(PasswordHash, KnowsWhatTakesLong) {
  EXPECT_TRUE(hash(argon2id).is_slow());
  EXPECT_TRUE(hash(made_by_mosquitto_7).is_slow());
  EXPECT_FALSE(hash(made_by_mosquitto_6).is_slow());
}

TEST(PasswordHash, RefusesEverythingElseWithoutRepeatingIt) {
  const std::string cut{argon2id.substr(0, argon2id.size() - 30)};
  for (const std::string& text :
       {std::string{"hunter2"}, std::string{}, std::string{"$"}, std::string{"$5$abc$hunter2"},
        std::string{"$6$$hunter2"}, std::string{"$7$0$abcd$hunter2"},
        std::string{"$7$99999999$aa$b"}, std::string{"$token$aGk="},
        std::string{"$argon2id$v=16$m=8,t=1,p=1$aaaa$hunter2"}, cut,
        std::string{"$argon2id$v=19$m=4000000,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ"}}) {
    const auto parsed = password_hash::parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_THAT(parsed.error(), Not(HasSubstr("hunter2")));
  }
  EXPECT_THAT(password_hash::parse("hunter2").error(), HasSubstr("plain text"));
}

TEST(DeviceToken, IsCheckedByItsDigest) {
  std::array<std::byte, 32> random{};
  random.fill(std::byte{0x5a});
  const std::string token = make_token(random);
  EXPECT_TRUE(token.starts_with("gdt_"));
  EXPECT_EQ(token.size(), 47U);
  const password_hash h = password_hash::of_token(token);
  EXPECT_FALSE(h.is_slow());
  EXPECT_THAT(h.text(), Not(HasSubstr(token)));
  const password_hash again = hash(h.text());
  EXPECT_EQ(again.kind(), hash_kind::device_token);
  EXPECT_TRUE(is_password(again, token));
  EXPECT_FALSE(is_password(again, token.substr(1)));
  EXPECT_FALSE(is_password(again, ""));
}

TEST(PasswordFile, FindsUsers) {
  const std::string text = "# users\nann:" + std::string{argon2id} +
                           "\r\nb\xC3\xA4r b:" + std::string{made_by_mosquitto_6};
  const auto file = password_file::parse(text);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->size(), 2U);
  ASSERT_NE(file->find("ann"), nullptr);
  EXPECT_EQ(file->find("ann")->line, 2U);
  EXPECT_EQ(file->find("ann")->hash.kind(), hash_kind::argon2id);
  EXPECT_NE(file->find("b\xC3\xA4r b"), nullptr);
  for (const char* nobody : {"", "Ann", "ann:", "# users", "bob"}) {
    EXPECT_EQ(file->find(nobody), nullptr) << nobody;
  }
}

// Battery 78: half a file is no file.
TEST(PasswordFile, IsRefusedWholeForOneWrongLine) {
  const std::string good = "ann:" + std::string{argon2id} + "\n";
  for (const char* wrong : {"\n", "bob\n", ":x\n", "bob:\n", ":\n", "bob:secret\n", "b\tb:$6$a$b\n",
                            "\xC3\x28:$6$a$b\n", " \n"}) {
    const auto file = password_file::parse(good + wrong);
    ASSERT_FALSE(file.has_value()) << wrong;
    ASSERT_EQ(file.error().size(), 1U) << wrong;
    EXPECT_EQ(file.error()[0].line, 2U) << wrong;
    EXPECT_THAT(file.error()[0].what, Not(HasSubstr("secret")));
  }
  EXPECT_THAT(password_file::parse(good + good).error()[0].what, HasSubstr("line 1"));
  EXPECT_TRUE(password_file::parse("").has_value());
}

TEST(PasswordFile, HasSomethingToComputeForUnknownUsers) {
  const auto empty = password_file::parse("");
  EXPECT_TRUE(empty->stand_in(5).is_slow());
  const auto old = password_file::parse("a:" + std::string{made_by_mosquitto_6} +
                                        "\nb:" + std::string{made_by_mosquitto_7} + "\n");
  EXPECT_EQ(old->stand_in(0).kind(), hash_kind::salted_sha512);
  EXPECT_EQ(old->stand_in(1).kind(), hash_kind::pbkdf2_sha512);
}

TEST(PasswordFile, IsChangedOneEntryAtATime) {
  const password_hash h = hash(made_by_mosquitto_6);
  const std::string one = with_entry("# kept\nann:$x\nanna:$y", "ann", h);
  EXPECT_EQ(one, "# kept\nann:" + h.text() + "\nanna:$y\n");
  EXPECT_EQ(with_entry("a:$x\n", "b", h), "a:$x\nb:" + h.text() + "\n");
  EXPECT_EQ(without_entry("ann:$x\nanna:$y\n", "ann"), "anna:$y\n");
  EXPECT_EQ(without_entry("ann:$x\n", "bob"), "ann:$x\n");
}

}  // namespace
}  // namespace godwit::auth
