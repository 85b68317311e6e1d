#include "broker_tree.hpp"

#include <godwit/auth/authorizer.hpp>

namespace godwit::auth {

decision open_authorizer::check(const principal& /*who*/, std::string_view /*client_id*/,
                                action what, std::string_view topic) const noexcept {
  switch (what) {
    case action::publish:
    case action::publish_retain:
    case action::will:
    case action::will_retain:
      if (is_of_the_broker(topic)) return refused_by(broker_tree_rule);
      break;
    case action::subscribe:
    case action::receive:
      break;
  }
  return {.allowed = true, .rule = "built-in: everybody may"};
}

}  // namespace godwit::auth
