#pragma once

#include <godwit/config/configuration.hpp>

#include <string>
#include <vector>

namespace godwit::config {

/// One key whose value differs between two configurations; of a listener
/// `listeners[NAME].connections_max`, or `listeners[NAME]` where only one of the two has it. The
/// values are for people: of secrets they show nothing.
struct difference {
  std::string key;
  std::string before;
  std::string after;
};
[[nodiscard]] std::vector<difference> differences(const configuration& before,
                                                  const configuration& after);

/// Copies from `fresh` to `running` the values of the keys that count from a reload on (the schema
/// says which). Listeners that stay where they are take theirs, too; whether one has TLS does not
/// change. Returns what has changed.
std::vector<difference> take_live_values(const configuration& fresh, configuration& running);

}  // namespace godwit::config
