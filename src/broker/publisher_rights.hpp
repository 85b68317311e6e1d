#pragma once

#include <godwit/auth/authorizer.hpp>
#include <godwit/mqtt/message.hpp>

namespace godwit::broker {

/// Whether publishers may still do what left their retained messages there. Of a publisher only
/// its client id and user name are known; rules that ask for more are taken to allow it. A message
/// without a publisher is the broker's own, or older than its store's schema 3.
class publisher_rights {
 public:
  publisher_rights(const auth::authorizer& rules, bool is_on) noexcept
      : rules_{rules}, is_on_{is_on && rules.limits_receivers()} {}

  /// By PUBLISH or as a will: the message does not say which it was.
  [[nodiscard]] bool may_retain(const mqtt::message& m) {
    if (!is_on_ || m.publisher_id().empty()) return true;
    if (!has_who_ || who_.user_name() != m.publisher_user()) {
      who_ = auth::principal{m.publisher_user(), auth::knowledge::name_only};
      has_who_ = true;
    }
    using auth::action;
    return rules_.check(who_, m.publisher_id(), action::publish_retain, m.topic()).allowed ||
           rules_.check(who_, m.publisher_id(), action::will_retain, m.topic()).allowed;
  }

 private:
  const auth::authorizer& rules_;
  bool is_on_;
  bool has_who_ = false;
  auth::principal who_;  ///< of the message before: neighbours often have one publisher
};

}  // namespace godwit::broker
