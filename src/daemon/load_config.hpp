#pragma once

#include <godwit/config/load.hpp>

#include <string>

namespace godwit::daemon {

/// The configuration in this file and those that it includes (no path: the defaults), with what the
/// environment of the process gives.
[[nodiscard]] config::loaded load_config(const std::string& path);

}  // namespace godwit::daemon
