#pragma once

#include <godwit/auth/authorizer.hpp>

namespace godwit::auth {

/// "$SYS" and what is below it: only the broker publishes there.
[[nodiscard]] inline bool is_of_the_broker(std::string_view topic) noexcept {
  constexpr std::string_view tree = "$SYS";
  return topic.starts_with(tree) && (topic.size() == tree.size() || topic[tree.size()] == '/');
}
inline constexpr const char* broker_tree_rule = "built-in: $SYS is the broker's";

[[nodiscard]] inline decision refused_by(const char* rule) noexcept {
  return {.allowed = false, .rule = rule};
}

}  // namespace godwit::auth
