#pragma once

#include "device.hpp"

#include <memory>
#include <string>
#include <vector>

namespace godwit::kill_loop {

/// Online whenever there is a broker.
[[nodiscard]] std::unique_ptr<habit> stay_online();
/// Comes and goes, by DISCONNECT or without a word, every second or so.
[[nodiscard]] std::unique_ptr<habit> come_and_go();
/// Subscribes and is then away until the calm.
[[nodiscard]] std::unique_ptr<habit> stay_away();
/// Makes a session, subscribes to some of these, changes its mind, deletes the session, again and
/// again.
[[nodiscard]] std::unique_ptr<habit> make_and_delete(std::vector<std::string> filters);
/// Connects with a will on this topic and leaves in every possible way.
[[nodiscard]] std::unique_ptr<habit> leave_wills(std::string topic);

}  // namespace godwit::kill_loop
