#pragma once

#include <godwit/mqtt/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::auth {

enum class effect : std::uint8_t { deny, allow };

/// What a rule is about; values are bits.
enum class deed : std::uint8_t {
  publish = 1,    ///< messages of any kind
  retain = 2,     ///< messages to be retained; needs `publish` as well
  will = 4,       ///< wills; needs `publish` as well, and `retain` for a retained one
  subscribe = 8,  ///< to a filter, and to get the messages
};
inline constexpr std::uint8_t every_deed = 15;

/// One rule as written. All conditions that are given must hold; a list holds if one of it does. An
/// empty list is no condition.
struct rule_options {
  effect decides = effect::deny;
  std::uint8_t deeds = every_deed;  ///< of `deed`
  bool anonymous_only = false;      ///< clients without a user name
  // Names are exact, or end in '*' and are a beginning. "*" is every name but the empty one.
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> client_ids;
  std::vector<std::string> listeners;
  std::vector<std::string> common_names;
  std::vector<std::string> subjects;
  std::vector<std::string> alt_names;
  std::vector<std::string> addresses;  ///< "10.0.0.0/8", "::1"
  std::vector<std::string> topics;     ///< filters, with "%u" and "%c"
  bool literal_topics = false;         ///< "%u" and "%c" in them are just text
  mqtt::qos quality_max = mqtt::qos::exactly_once;
  std::size_t line = 0;
};

/// A group that the file makes.
struct group_options {
  std::string name;
  std::vector<std::string> users;
  std::size_t line = 0;
};

/// A rule file as written, in its order.
struct rule_file_options {
  std::string name;  ///< of the file, for people: what decisions name
  std::vector<group_options> groups;
  std::vector<rule_options> rules;
};

}  // namespace godwit::auth
