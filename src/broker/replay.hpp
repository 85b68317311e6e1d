#pragma once

#include "session_slot.hpp"

#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

namespace godwit::broker {

/// The retained messages of one new subscription on their way to its session. Until it is complete
/// its session remembers which retained messages passed live, so that none that is older or equal
/// follows.
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
  enum class stage : std::uint8_t { unasked, asked, waiting, settled };
  stage at = stage::unasked;  ///< says in which list of its session it is
  std::list<replay_handle>::iterator place;
  base::timer_token forgotten_at;  ///< once it has settled
  /// Whoever took a version from here on up routes to this subscription.
  std::uint64_t horizon = 0;
  bool is_new = false;      ///< The subscription was: it has no right to what was published before.
  std::uint64_t begun = 0;  ///< what has passed live since counts
  std::uint32_t subacks = 0;  ///< of its session when it began: it is asked for after the next one
  std::map<std::string, std::uint64_t, std::less<>> replayed;  ///< topic -> recent retain_version
};

/// The replays of a shard by session and filter: of each filter a session has one at most. The
/// filters are the replays' own.
class replay_index {
 public:
  explicit replay_index(base::hash_seed seed) : entries_{0, hash{seed}} {}
  void add(session_handle session, std::string_view filter, replay_handle its) {
    entries_.emplace(key{session.index, filter}, its);
  }
  void remove(session_handle session, std::string_view filter) {
    entries_.erase(key{session.index, filter});
  }
  [[nodiscard]] replay_handle find(session_handle session, std::string_view filter) const {
    const auto found = entries_.find(key{session.index, filter});
    return found == entries_.end() ? replay_handle{} : found->second;
  }

 private:
  struct key {
    std::uint32_t session;
    std::string_view filter;
    friend bool operator==(const key&, const key&) = default;
  };
  struct hash {
    using is_avalanching = void;
    base::hash_seed seed;
    [[nodiscard]] std::size_t operator()(const key& k) const noexcept {
      return base::seeded_hash(k.filter, {seed.k0, seed.k1 ^ k.session});
    }
  };
  boost::unordered_flat_map<key, replay_handle, hash> entries_;
};

/// Where a retained message went.
struct retained_where {
  session::batch_number batch;  ///< makes it safe
  bool is_refused = false;      ///< there is no room: it is not kept
};

}  // namespace godwit::broker
