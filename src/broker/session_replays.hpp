#pragma once

#include <godwit/base/handle.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::broker {

/// One retained replay of a session that is not complete.
struct replay;
using replay_handle = base::handle<replay>;

/// Which retained messages have passed live to a session while it had replays. One for all of them:
/// each asks what has passed since its own beginning.
class live_passes {
 public:
  /// What passes from here on is later.
  [[nodiscard]] std::uint64_t moment() const noexcept { return passed_; }
  void note(std::string_view topic, std::uint64_t version);
  /// The newest version of the topic among what has passed since; nothing: none has.
  [[nodiscard]] std::optional<std::uint64_t> newest_since(std::uint64_t moment,
                                                          std::string_view topic) const;

 private:
  struct pass {
    std::uint64_t at;
    std::uint64_t version;
  };
  /// Of each topic, oldest first; what a later and newer one has covered is gone, so the versions
  /// fall, and there is hardly ever more than one.
  std::map<std::string, std::vector<pass>, std::less<>> passes_;
  std::uint64_t passed_ = 0;
};

/// The replays of one session; there only while it has some. Each is in one of these lists, in the
/// order in which it came there, and may be many, so none is searched.
struct session_replays {
  std::list<replay_handle> unasked;  ///< the SUBACK is not out, or there was no time to ask yet
  std::list<replay_handle> asked;    ///< a page is on its way
  std::list<replay_handle> waiting;  ///< further pages are to be asked for when there is room
  std::list<replay_handle> settled;  ///< complete, but older copies may still come live
  live_passes passed;
  std::uint32_t subacks = 0;  ///< that are out; what began before the last one may be asked for
  bool is_listed = false;     ///< its shard looks whether it has room

  /// Some are not complete.
  [[nodiscard]] bool are_under_way() const noexcept {
    return !unasked.empty() || !asked.empty() || !waiting.empty();
  }
  [[nodiscard]] bool empty() const noexcept { return !are_under_way() && settled.empty(); }
};

}  // namespace godwit::broker
