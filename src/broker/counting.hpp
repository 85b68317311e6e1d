#pragma once

#include "client_books.hpp"

#include <godwit/auth/exchange.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/observe/counters.hpp>

#include <chrono>

namespace godwit::broker {

[[nodiscard]] inline observe::login_method method_of(auth::voucher by) noexcept {
  using observe::login_method;
  switch (by) {
    case auth::voucher::nobody:
      break;
    case auth::voucher::password:
      return login_method::password;
    case auth::voucher::certificate:
      return login_method::certificate;
    case auth::voucher::jwt:
      return login_method::token;
    case auth::voucher::http:
      return login_method::http;
    case auth::voucher::scram:
      return login_method::scram;
  }
  return login_method::anonymous;
}

/// A login was decided, also one whose client has gone meanwhile.
inline void count_login(observe::counters& to, const auth::verdict& v) noexcept {
  const bool is_let_in = v.code == mqtt::reason_code::success;
  to.add(method_of(v.tried),
         is_let_in ? observe::login_result::accepted : observe::login_result::refused);
}

/// A copy has reached its client; its other ends are `count_dropped` and `count_expired`.
inline void count_delivered(observe::counters& to, client_books& of_session,
                            bool was_in_log) noexcept {
  to.add(observe::counter::copies_delivered);
  if (was_in_log) to.subtract(observe::counter::copies_in_log);
  of_session.copy_gone();
}

/// The acknowledgement of a PUBLISH that was read in the turn at `since` may leave.
inline void count_acknowledgement(observe::counters& to, base::steady_time since,
                                  base::steady_time now) noexcept {
  to.record_acknowledgement(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now - since).count()));
}

}  // namespace godwit::broker
