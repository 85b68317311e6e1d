#pragma once

#include "values.hpp"

#include <godwit/session/limits.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// "sensors/#=1h, log/+=10s", or "none": how long messages of a topic live that do not say it
/// themselves. A filter has no comma here.
struct expiry_rules {
  static constexpr std::size_t rules_max = 64;
  [[nodiscard]] std::string kind() const { return "none or filter=duration, ..."; }
  [[nodiscard]] std::string range() const { return "1 to 64 rules of 1s to 36500d"; }
  complaint read(std::string_view text, std::string_view,
                 std::vector<session::expiry_rule>& out) const;
  [[nodiscard]] std::string show(const std::vector<session::expiry_rule>& rules) const;
};

}  // namespace godwit::config
