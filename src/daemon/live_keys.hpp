#pragma once

#include <godwit/config/configuration.hpp>
#include <godwit/config/render.hpp>

#include <vector>

namespace godwit::daemon {

/// Copies from `fresh` to `running` what can change while the broker runs: who may log in, who may
/// do what, and the level of the log. Of a listener only the ways to log in, and only while it
/// stays where it is. Returns what has changed.
std::vector<config::difference> take_live_keys(const config::configuration& fresh,
                                               config::configuration& running);

}  // namespace godwit::daemon
