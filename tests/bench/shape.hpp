#pragma once

#include "options.hpp"
#include "traffic.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace godwit::bench {

/// Who publishes what to whom in fan-in, pairs, fan-out and filters.
struct shape {
  traffic_plan plan;
  std::size_t publishers = 0;
  std::vector<std::vector<std::string>> filters;  // per receiver
  std::size_t batch_min = 1;                      ///< messages a publisher sends together, at least
  std::size_t batch_max = 1;
};

/// The shape of the scenario named in the options.
[[nodiscard]] shape make_shape(const options& from);

}  // namespace godwit::bench
