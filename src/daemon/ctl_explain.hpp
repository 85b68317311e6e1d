#pragma once

#include "ctl_line.hpp"

#include <godwit/auth/security.hpp>

#include <string>

namespace godwit::daemon {

/// What the broker would say, in words for people.
struct explanation {
  bool allowed = false;
  std::string text;
};

/// Of one of the `explain` tasks. The listener is the first one if the line names none; the first
/// in `decides` is the first of the configuration.
[[nodiscard]] explanation explain(const ctl_line& line, const auth::security& decides);

}  // namespace godwit::daemon
