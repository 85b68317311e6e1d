#pragma once

#include <godwit/auth/rule_options.hpp>
#include <godwit/config/load.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// What a rule file says. `value` is complete only if there are no mistakes.
struct loaded_rules {
  auth::rule_file_options value;
  std::vector<mistake> mistakes;  ///< all of the file, in its order
};

/// A rule file is at most so long.
inline constexpr std::size_t rule_bytes_max = 16'777'216;

/// Reads a rule file (docs/security.md describes it); `name` is what decisions call it. An empty
/// file is one without rules: it allows nothing. Never throws for what the text says.
[[nodiscard]] loaded_rules load_rules(std::string_view yaml, std::string_view name);

}  // namespace godwit::config
