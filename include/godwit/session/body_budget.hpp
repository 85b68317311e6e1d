#pragma once

#include <cstdint>

namespace godwit::session {

/// How much memory the bodies of queued messages may take in all persistent logs of one shard, and
/// how much they do: the content bytes of every entry that holds a body, so a message in several
/// sessions counts in each. Exact after each call into a log. Outlives the logs; one thread.
struct body_budget {
  std::uint64_t limit = 0;  ///< bytes; 0 = none
  std::uint64_t held = 0;   ///< bytes

  /// What is added from now on is to be spilled once it is durable.
  [[nodiscard]] bool is_over() const noexcept { return limit != 0 && held > limit; }
  /// So far over that bodies are fetched only where they leave at once.
  [[nodiscard]] bool is_tight() const noexcept { return limit != 0 && held > limit + limit / 2; }
};

}  // namespace godwit::session
