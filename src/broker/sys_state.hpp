#pragma once

#include <godwit/base/timer_wheel.hpp>
#include <godwit/observe/sys_topics.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace godwit::broker {

/// What shard 0 keeps for `$SYS`.
struct sys_state {
  std::unordered_map<std::string, std::string> published;  ///< the latest, by topic
  std::optional<observe::load_averages> loads;
  std::uint64_t clients_maximum = 0;
  base::timer_token due;
};

}  // namespace godwit::broker
