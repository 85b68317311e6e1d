#pragma once

#include "takeover_damper.hpp"

#include <godwit/routing/shared_groups.hpp>
#include <godwit/session/limits.hpp>

/// Limits in the words of those who keep them.

namespace godwit::broker {

[[nodiscard]] inline takeover_damper::options takeovers_of(const session::limits& l) noexcept {
  return {l.takeovers_max, l.takeover_window};
}

[[nodiscard]] inline routing::selection selection_of(const session::limits& l) noexcept {
  return l.share_selection == session::share_policy::least_in_flight
             ? routing::selection::least_loaded
             : routing::selection::round_robin;
}

}  // namespace godwit::broker
