#pragma once

#include <functional>

namespace godwit::auth {

/// Where work goes that would hold up a shard: threads of their own with a bounded queue. One per
/// shard.
class workshop {
 public:
  virtual ~workshop() = default;
  /// Runs `work` on another thread and then `after` on the shard's, in a turn. False: too much is
  /// waiting, and neither runs. What is still waiting when the broker stops is dropped.
  [[nodiscard]] virtual bool submit(std::function<void()> work, std::function<void()> after) = 0;
};

}  // namespace godwit::auth
