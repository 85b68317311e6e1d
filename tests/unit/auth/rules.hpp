#pragma once

#include <godwit/auth/rule_set.hpp>

#include <gtest/gtest.h>

#include <initializer_list>

namespace godwit::auth::test {

using strings = std::vector<std::string>;

inline std::uint8_t bits(std::initializer_list<deed> deeds) {
  std::uint8_t out = 0;
  for (const deed d : deeds) out = static_cast<std::uint8_t>(out | static_cast<unsigned>(d));
  return out;
}

inline rule_options rule(effect e, std::uint8_t deeds, strings topics) {
  rule_options r;
  r.decides = e;
  r.deeds = deeds;
  r.topics = std::move(topics);
  return r;
}
inline rule_options allow(std::uint8_t deeds, strings topics) {
  return rule(effect::allow, deeds, std::move(topics));
}
inline rule_options deny(std::uint8_t deeds, strings topics) {
  return rule(effect::deny, deeds, std::move(topics));
}

/// The rules get the lines 1, 2, ...
inline rule_set compiled(std::vector<rule_options> rules, std::vector<group_options> groups = {}) {
  rule_file_options file{.name = "rules", .groups = std::move(groups), .rules = std::move(rules)};
  std::size_t line = 0;
  for (rule_options& r : file.rules) r.line = ++line;
  auto made = rule_set::compile(file);
  if (!made) {
    for (const mistake& m : made.error()) ADD_FAILURE() << m.line << ": " << m.what;
  }
  return *std::move(made);
}

}  // namespace godwit::auth::test
