#pragma once

#include <godwit/base/checked_cast.hpp>
#include <godwit/net/broker_threads.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace godwit::daemon {

/// Tells whether every shard still takes turns: each is asked to answer, in a turn of its own.
class shard_pulse {
 public:
  shard_pulse(net::broker_threads& threads, std::size_t shards) : threads_{threads} {
    for (std::size_t i = 0; i < shards; ++i) {
      answered_.push_back(std::make_shared<std::atomic<bool>>(true));
    }
  }

  /// Have all answered what they were asked the last time? Asks those who have anew.
  [[nodiscard]] bool beat() {
    bool all = true;
    for (std::size_t i = 0; i < answered_.size(); ++i) {
      if (!answered_[i]->exchange(false)) {
        all = false;  // still asked
        continue;
      }
      threads_.run_on(routing::shard_id{base::checked_cast<std::uint8_t>(i)},
                      [mark = answered_[i]] { mark->store(true); });
    }
    return all;
  }

 private:
  net::broker_threads& threads_;
  std::vector<std::shared_ptr<std::atomic<bool>>> answered_;
};

}  // namespace godwit::daemon
