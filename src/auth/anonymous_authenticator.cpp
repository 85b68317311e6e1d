#include <godwit/auth/authenticator.hpp>

namespace godwit::auth {

void anonymous_authenticator::authenticate(const credentials& c,
                                           std::function<void(verdict)> done) {
  done({.code = mqtt::reason_code::success,
        .who = principal{c.user_name.value_or(std::string_view{})},
        .why = "anonymous"});
}

}  // namespace godwit::auth
