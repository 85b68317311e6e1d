#include "config/schema.hpp"

#include <godwit/config/differences.hpp>
#include <godwit/config/load.hpp>
#include <godwit/config/render.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace godwit::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using variables = std::vector<variable>;

std::vector<std::string> mistakes_in(std::string_view yaml, const variables& environment) {
  std::vector<std::string> lines;
  const loaded all = load_text(yaml, "f", environment);
  for (const mistake& m : all.mistakes) lines.push_back(describe(m, all));
  return lines;
}

TEST(Environment, IsStrongerThanTheFile) {
  const loaded all = load_text(
      "authentication: {password_file: /a}\n"
      "listeners: [ {name: phones-1, tls: {certificate: /c.pem, key: /k.pem}} ]\n",
      "f",
      {{"GODWIT_AUTHENTICATION_PASSWORD_FILE", "/b"},
       {"GODWIT_AUTHENTICATION_JWT_KEY_FILE", "credential:jwt"},
       {"GODWIT_AUTHENTICATION_JWT_JWKS_FILE", "env:JWKS"},
       {"GODWIT_AUTHENTICATION_HTTP_URL", "http://localhost/auth"},
       {"GODWIT_LISTENERS_PHONES_1_TLS_KEY", "credential:server.key"}});
  ASSERT_THAT(all.mistakes, IsEmpty());
  EXPECT_EQ(all.value.login.password_file, "/b");
  EXPECT_EQ(all.value.login.jwt_key_file, "credential:jwt");
  EXPECT_EQ(all.value.login.jwks_file, "env:JWKS");
  EXPECT_EQ(all.value.login.http_url, "http://localhost/auth");
  EXPECT_THAT(all.value.listeners[0].options.tls.keys, ElementsAre("credential:server.key"));
  const std::string text = render_effective(all);
  EXPECT_THAT(text, HasSubstr("password_file: /b  # GODWIT_AUTHENTICATION_PASSWORD_FILE\n"));
  EXPECT_THAT(text, HasSubstr("# GODWIT_LISTENERS_PHONES_1_TLS_KEY\n"));
}

TEST(Environment, IsJudgedWithTheFile) {
  const std::string remote = "listeners: [ {bind: 0.0.0.0} ]\n";
  EXPECT_THAT(mistakes_in(remote, {}), ElementsAre(HasSubstr("allow_anonymous_remote")));
  EXPECT_THAT(mistakes_in(remote, {{"GODWIT_AUTHENTICATION_PASSWORD_FILE", "/users"}}), IsEmpty());
  EXPECT_THAT(mistakes_in("", {{"GODWIT_LISTENERS_DEFAULT_TLS_KEY", "/a"}}),
              ElementsAre(HasSubstr("there are 0 certificates and 1 keys")));
}

TEST(Environment, AMistakeNamesTheVariableAndNotItsValue) {
  EXPECT_THAT(
      mistakes_in("", {{"GODWIT_AUTHENTICATION_JWT_KEY_FILE", "hunter2"}}),
      ElementsAre("GODWIT_AUTHENTICATION_JWT_KEY_FILE: authentication.jwt.key_file: this is "
                  "neither none nor a file; right is its full path, credential:NAME or env:NAME"));
  for (const auto& m : mistakes_in("authentication: {jwt: {jwks_file: hunter2}}\nlisteners: [ "
                                   "{tls: {key: [hunter2]}} ]\n",
                                   {{"GODWIT_AUTHENTICATION_HTTP_URL", "hunter2\n"}})) {
    EXPECT_THAT(m, Not(HasSubstr("hunter2")));
  }
}

TEST(Environment, AVariableThatGivesNothingIsAMistake) {
  EXPECT_THAT(mistakes_in("", {{"GODWIT_AUTHENTICATION_PASWORD_FILE", "/b"}}),
              ElementsAre(HasSubstr("GODWIT_AUTHENTICATION_PASWORD_FILE: there is no such key")));
  EXPECT_THAT(mistakes_in("", {{"GODWIT_LISTENERS_TLS_TLS_KEY", "/b"}}),
              ElementsAre(HasSubstr("there is no such key")));
  EXPECT_THAT(mistakes_in("", {{"GODWIT_AUTHENTICATION_HASH_THREADS", "2"}}),
              ElementsAre(HasSubstr("there is no such key that the environment may give")));
  EXPECT_THAT(mistakes_in("", {{"GODWIT_PORT", "tcp://10.0.0.1:1883"}}), IsEmpty())
      << "Kubernetes makes it";
  EXPECT_THAT(mistakes_in("listeners: [{name: a-b, port: 1}, {name: A_b, port: 2}]\n",
                          {{"GODWIT_LISTENERS_A_B_TLS_KEY", "none"}}),
              ElementsAre(HasSubstr("this is the variable of two listeners")));
}

TEST(Secrets, AFileOfThemIsAPathACredentialOrAVariable) {
  const auto wrong = [](const std::string& value) {
    return mistakes_in("authentication: {password_file: \"" + value + "\"}\n", {}).size();
  };
  for (const char* right : {"none", "/a b", "credential:a.b-C_9", "env:A_b9"}) {
    EXPECT_EQ(wrong(right), 0U) << right;
  }
  for (const char* odd : {"users", "credential:", "credential:../a", "credential:.a",
                          "credential:a/b", "env:", "env:a-b", "env:a=b", "file:/a", ""}) {
    EXPECT_EQ(wrong(odd), 1U) << odd;
  }
}

TEST(Secrets, TheQueryOfAUrlIsHidden) {
  const auto with = [](const std::string& query) {
    return load_text("authentication: {http: {url: \"http://auth/check" + query + "\"}}\n");
  };
  EXPECT_THAT(render_effective(with("?key=hunter2")),
              HasSubstr("url: \"http://auth/check?(hidden)\""));
  const auto found = differences(with("?key=hunter2").value, with("?key=hunter3").value);
  ASSERT_EQ(found.size(), 1U) << "it differs";
  EXPECT_EQ(found[0].before, "http://auth/check?(hidden)");
  EXPECT_EQ(found[0].after, "http://auth/check?(hidden)");
}

TEST(Secrets, EveryKeyThatNamesOneIsKnown) {
  std::vector<std::string> secrets;
  for (const auto& k : broker_keys()) {
    if (k.is_secret) secrets.push_back(k.path);
  }
  for (const auto& k : listener_keys()) {
    if (k.is_secret) secrets.push_back(k.path);
  }
  EXPECT_THAT(secrets,
              ElementsAre("authentication.password_file", "authentication.jwt.key_file",
                          "authentication.jwt.jwks_file", "authentication.http.url", "tls.key"));
}

}  // namespace
}  // namespace godwit::config
