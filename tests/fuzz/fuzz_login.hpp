#pragma once

#include <godwit/auth/authenticator.hpp>

#include <memory>
#include <string_view>

namespace godwit::fuzz {

/// The method "S": every "m" of the client is answered with "m", "y" ends it well, all else badly.
class short_exchange final : public auth::exchange {
 public:
  [[nodiscard]] step take(base::bytes_view data, base::moment) override {
    const std::string_view said = base::as_text(data);
    if (said == "m") return {.is = state::goes_on, .data = {data.begin(), data.end()}};
    if (said == "y") return {.end = {.who = auth::principal{"S"}}};
    return {.end = {.code = mqtt::reason_code::not_authorized, .why = "neither m nor y"}};
  }
};

/// Lets everybody in who names no method, or "S" and comes to its good end.
class fuzz_authenticator final : public auth::authenticator {
 public:
  void authenticate(const auth::credentials& c, std::function<void(auth::verdict)> done) override {
    anybody_.authenticate(c, std::move(done));
  }
  std::unique_ptr<auth::exchange> begin_exchange(const auth::credentials&,
                                                 std::string_view method) override {
    if (method == "S") return std::make_unique<short_exchange>();
    return nullptr;
  }

 private:
  auth::anonymous_authenticator anybody_;
};

}  // namespace godwit::fuzz
