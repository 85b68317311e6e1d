#pragma once

#include "session_slot.hpp"

#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
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
/// filters are the replays' own. In parts, because there may be hundreds of thousands, and nobody
/// is to wait while a table for all of them grows.
class replay_index {
 public:
  explicit replay_index(base::hash_seed seed) : seed_{seed} {}
  void add(session_handle session, std::string_view filter, replay_handle its) {
    const key k = key_of(session, filter);
    parts_[part_of(k)].emplace(k, its);
  }
  void remove(session_handle session, std::string_view filter) {
    const key k = key_of(session, filter);
    parts_[part_of(k)].erase(k);
  }
  [[nodiscard]] replay_handle find(session_handle session, std::string_view filter) const {
    const key k = key_of(session, filter);
    const table& part = parts_[part_of(k)];
    const auto found = part.find(k);
    return found == part.end() ? replay_handle{} : found->second;
  }

 private:
  struct key {
    std::uint64_t hash;
    std::uint32_t session;
    std::string_view filter;
    friend bool operator==(const key&, const key&) = default;
  };
  struct kept_hash {
    using is_avalanching = void;
    [[nodiscard]] std::size_t operator()(const key& k) const noexcept { return k.hash; }
  };
  using table = boost::unordered_flat_map<key, replay_handle, kept_hash>;
  [[nodiscard]] key key_of(session_handle session, std::string_view filter) const noexcept {
    const base::hash_seed its{seed_.k0, seed_.k1 ^ session.index};
    return {base::seeded_hash(filter, its), session.index, filter};
  }

  static constexpr std::size_t parts_max = 64;
  /// By bits that the tables do not place by.
  [[nodiscard]] static std::size_t part_of(const key& k) noexcept {
    return (k.hash >> 24) % parts_max;
  }

  base::hash_seed seed_;
  std::array<table, parts_max> parts_;
};

/// Where a retained message went.
struct retained_where {
  session::batch_number batch;  ///< makes it safe
  bool is_refused = false;      ///< there is no room: it is not kept
};

}  // namespace godwit::broker
