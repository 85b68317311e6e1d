#include "expiry_rules.hpp"

namespace godwit::config {

namespace {

constexpr bounds durations{1'000, std::uint64_t{36'500} * 86'400'000};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Wildcards stand for whole levels, "#" for the last ones.
bool is_filter(std::string_view text) {
  if (text.empty() || text.starts_with("$share/")) return false;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto slash = text.find('/', at);
    const std::string_view level = text.substr(at, slash - at);
    const bool is_last = slash == std::string_view::npos;
    if (level.find_first_of("+#") != std::string_view::npos && level != "+" &&
        !(level == "#" && is_last)) {
      return false;
    }
    at = is_last ? slash : slash + 1;
  }
  return true;
}

complaint read_rule(std::string_view text, session::expiry_rule& out) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    return quoted(text) + " is no rule; write a filter and a duration, such as \"sensors/#=1h\"";
  }
  const std::string_view filter = trimmed(text.substr(0, equals));
  if (!is_filter(filter)) return quoted(filter) + " is no topic filter";
  std::uint64_t ms = 0;
  if (auto wrong = read_duration(trimmed(text.substr(equals + 1)), "1h", durations, 1'000, ms)) {
    return wrong;
  }
  out = {std::string{filter}, static_cast<std::uint32_t>(ms / 1'000)};
  return std::nullopt;
}

}  // namespace

complaint expiry_rules::read(std::string_view text, std::string_view,
                             std::vector<session::expiry_rule>& out) const {
  std::vector<session::expiry_rule> rules;
  for (std::string_view rest = text == "none" ? std::string_view{} : text; !rest.empty();) {
    const auto comma = rest.find(',');
    if (rules.size() == rules_max) return "more than 64 rules";
    if (auto wrong = read_rule(trimmed(rest.substr(0, comma)), rules.emplace_back())) return wrong;
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  if (rules.empty() && text != "none") return "write none, or rules such as \"sensors/#=1h\"";
  out = std::move(rules);
  return std::nullopt;
}

std::string expiry_rules::show(const std::vector<session::expiry_rule>& rules) const {
  if (rules.empty()) return "none";
  std::string text;
  for (const session::expiry_rule& r : rules) {
    if (!text.empty()) text += ", ";
    text += r.filter + "=" + show_duration(std::uint64_t{r.after_s} * 1'000);
  }
  return text;
}

}  // namespace godwit::config
