#include <godwit/auth/authorizer.hpp>

namespace godwit::auth {
namespace {

constexpr std::string_view broker_tree = "$SYS";

bool is_of_the_broker(std::string_view topic) noexcept {
  if (!topic.starts_with(broker_tree)) return false;
  return topic.size() == broker_tree.size() || topic[broker_tree.size()] == '/';
}

}  // namespace

decision open_authorizer::check(const principal& /*who*/, std::string_view /*client_id*/,
                                action what, std::string_view topic) const noexcept {
  switch (what) {
    case action::publish:
    case action::publish_retain:
    case action::will:
      if (is_of_the_broker(topic))
        return {.allowed = false, .rule = "built-in: $SYS is the broker's"};
      break;
    case action::subscribe:
    case action::receive:
      break;
  }
  return {.allowed = true, .rule = "built-in: everybody may"};
}

}  // namespace godwit::auth
