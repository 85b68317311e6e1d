#pragma once

#include "session_slot.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace godwit::broker {

/// The retained messages of one new subscription on their way to its session. Until it is complete
/// it remembers which retained messages passed live, so that none that is older or equal follows.
struct replay {
  session_handle session;
  std::string filter;
  store::subscription_terms terms{};
  std::uint32_t shards_left = 0;  ///< shards that have more, or have not answered yet
  /// Pages that are to be asked for once the session has room: shard and where to go on.
  struct next_page {
    routing::shard_id from{};
    std::optional<std::string> after;
  };
  std::vector<next_page> to_ask;
  bool is_asked = false;           ///< the SUBACK is out, and so are the questions
  base::timer_token forgotten_at;  ///< once it has settled
  bool is_listed = false;          ///< waits for room
  /// Whoever took a version from here on up routes to this subscription.
  std::uint64_t horizon = 0;
  bool is_new = false;  ///< The subscription was: it has no right to what was published before.
  std::map<std::string, std::uint64_t, std::less<>> passed_live;  ///< topic -> retain_version
  std::map<std::string, std::uint64_t, std::less<>> replayed;     ///< the same, recent ones only
};

/// Where a retained message went.
struct retained_where {
  session::batch_number batch;  ///< makes it safe
  bool is_refused = false;      ///< there is no room: it is not kept
};

}  // namespace godwit::broker
