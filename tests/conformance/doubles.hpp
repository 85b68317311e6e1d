#pragma once

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace godwit::conformance {

/// Knows some users by name, lets everybody else in, and remembers what it was asked.
class test_authenticator final : public auth::authenticator {
 public:
  struct question {
    std::string client_id;
    std::optional<std::string> user_name;
    std::optional<std::string> password;
  };
  std::map<std::string, mqtt::reason_code> answers;  ///< by user name
  bool answers_later = false;                        ///< `waiting` holds the answers
  std::vector<question> questions;
  std::vector<std::function<void()>> waiting;

  void authenticate(const auth::credentials& c, std::function<void(auth::verdict)> done) override {
    question& q = questions.emplace_back(question{std::string{c.client_id}, {}, {}});
    if (c.user_name) q.user_name.emplace(*c.user_name);
    if (c.password) q.password.emplace(base::as_text(*c.password));
    auth::verdict v{.code = mqtt::reason_code::success,
                    .who = auth::principal{q.user_name.value_or("")}};
    if (const auto known = answers.find(std::string{v.who.user_name()}); known != answers.end()) {
      v.code = known->second;
    }
    if (!answers_later) return done(std::move(v));
    waiting.emplace_back([done = std::move(done), v = std::move(v)] { done(v); });
  }
};

/// Allows everything but what is listed.
class test_authorizer final : public auth::authorizer {
 public:
  std::vector<std::pair<auth::action, std::string>> denied;
  std::string only_for;  ///< If set, only this client id is denied anything.

  [[nodiscard]] auth::decision check(const auth::principal&, std::string_view client_id,
                                     auth::action what,
                                     std::string_view topic) const noexcept override {
    if (!only_for.empty() && client_id != only_for) return {.allowed = true, .rule = "test:0"};
    for (const auto& [action, denied_topic] : denied) {
      if (action == what && denied_topic == topic) return {.allowed = false, .rule = "test:1"};
    }
    return {.allowed = true, .rule = "test:0"};
  }
};

}  // namespace godwit::conformance
