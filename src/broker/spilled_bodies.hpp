#pragma once

#include "session_slot.hpp"

#include <vector>

namespace godwit::broker {

/// A message that is to lie in the store only, once its batch is durable.
struct spill_note {
  session_handle session;
  store::log_position position{};
  session::batch_number batch;
};

/// Bodies of one session on their way from the store.
struct body_page {
  session_handle session;
  std::vector<store::log_position> positions;
};

}  // namespace godwit::broker
