#pragma once

#include "watch_page.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace godwit::daemon {

/// What the broker holds and has done, from its counters: nothing waits for a shard. Any thread.
[[nodiscard]] boost::json::object status_json(const watched_broker& b);

/// The status page: one HTML text without anything from elsewhere, which asks for /status.json.
[[nodiscard]] std::string_view status_html() noexcept;

}  // namespace godwit::daemon
