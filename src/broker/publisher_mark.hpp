#pragma once

#include "session_slot.hpp"

#include <godwit/base/seeded_hash.hpp>
#include <godwit/mqtt/message.hpp>

#include <cstdint>
#include <string_view>

namespace godwit::broker {

/// For No Local on retained messages: the same over restarts, and never 0, which is nobody.
[[nodiscard]] inline std::uint64_t publisher_hash(std::string_view client_id) noexcept {
  return base::seeded_hash(client_id, {}) | 1U;
}

/// A message that will be retained says who published it. The views are the session's.
inline void mark_publisher(mqtt::message_fields& m, const session_slot& s) noexcept {
  m.publisher = publisher_hash(s.client_id);
  m.publisher_id = s.client_id;
  m.publisher_user = s.owner.user_name();
}

}  // namespace godwit::broker
