#pragma once

#include "subscriber_set.hpp"
#include "topic_cache.hpp"

#include <span>
#include <vector>

namespace godwit::routing {

/// Makes one list of the sets of all matching filters, with one entry per subscriber.
/// [v311 MQTT-3.3.5-1]
class subscription_merge {
 public:
  /// Fills everything but `answer.others`.
  void run(std::span<const subscriber_set* const> sets, resolved_topic& into);

 private:
  void gather(std::span<const subscriber_set* const> sets, resolved_topic& into);

  std::vector<subscriber_entry> entries_;  // scratch
};

}  // namespace godwit::routing
