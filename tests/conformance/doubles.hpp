#pragma once

#include <godwit/auth/authenticator.hpp>
#include <godwit/auth/authorizer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::conformance {

/// The method "TWO": the client says "one", hears "two", says a user's name, and hears "welcome".
/// The user "nobody" is refused, and so is anything else.
class two_rounds final : public auth::exchange {
 public:
  [[nodiscard]] step take(base::bytes_view data, base::moment) override {
    const std::string_view said = base::as_text(data);
    if (!std::exchange(is_begun_, true)) {
      if (said != "one") return no();
      return {.is = state::goes_on, .data = bytes("two")};
    }
    if (said.empty() || said == "nobody") return no();
    return {.end = {.who = auth::principal{said}, .data = bytes("welcome")}};
  }

 private:
  static step no() {
    return {.end = {.code = mqtt::reason_code::not_authorized, .why = "a wrong answer"}};
  }
  static base::bytes bytes(std::string_view text) {
    const auto all = base::as_bytes(text);
    return {all.begin(), all.end()};
  }
  bool is_begun_ = false;
};

/// The method "ONE": decided by the CONNECT alone.
class one_round final : public auth::exchange {
 public:
  [[nodiscard]] step take(base::bytes_view data, base::moment) override {
    if (base::as_text(data) == "yes") return {.end = {.who = auth::principal{"ann"}}};
    return {.end = {.code = mqtt::reason_code::not_authorized, .why = "not yes"}};
  }
};

/// Knows some users by name, lets everybody else in, and remembers what it was asked.
class test_authenticator final : public auth::authenticator {
 public:
  struct question {
    std::string client_id;
    std::optional<std::string> user_name;
    std::optional<std::string> password;
  };
  std::map<std::string, mqtt::reason_code> answers;  ///< by user name
  bool serves_methods = true;                        ///< "ONE" and "TWO"
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
  std::unique_ptr<auth::exchange> begin_exchange(const auth::credentials&,
                                                 std::string_view method) override {
    if (!serves_methods) return nullptr;
    if (method == "ONE") return std::make_unique<one_round>();
    if (method == "TWO") return std::make_unique<two_rounds>();
    return nullptr;
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
