#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::broker {

/// Counts how often each client id is taken over. A window begins with the first time; when it has
/// seen `takeovers_max`, no more are admitted until it ends. One per shard, for the ids that are at
/// home there.
class takeover_damper {
 public:
  struct options {
    std::uint32_t takeovers_max = 0;  ///< 0: everything is admitted
    base::duration window{};
    std::size_t clients_max = 65'536;  ///< who is watched at a time
  };
  takeover_damper(const options& o, base::hash_seed seed) noexcept : options_{o}, seed_{seed} {}

  /// For windows that begin from now on, and for the counts of those that are open.
  void change(const options& o) noexcept { options_ = o; }
  /// Counts one takeover, unless it says no.
  [[nodiscard]] bool admits(std::string_view client_id, base::steady_time now);
  [[nodiscard]] std::size_t size() const noexcept { return windows_.size(); }

 private:
  struct window {
    base::steady_time ends{};
    std::uint32_t count = 0;
  };
  void make_room(base::steady_time now);

  options options_;
  base::hash_seed seed_;
  boost::unordered_flat_map<std::uint64_t, window> windows_;  ///< by the hash of the client id
};

}  // namespace godwit::broker
