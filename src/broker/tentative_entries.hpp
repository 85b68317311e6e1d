#pragma once

#include "session_slot.hpp"

#include <godwit/routing/interest_table.hpp>

#include <vector>

namespace godwit::broker {

/// Entries of one message that wait for the commit record of its publisher's shard.
struct tentative_entries {
  struct entry {
    session_handle session;
    store::log_position position;
  };
  std::vector<entry> here;
  routing::shard_mask elsewhere = 0;  ///< members of a shared group on other shards
};

}  // namespace godwit::broker
