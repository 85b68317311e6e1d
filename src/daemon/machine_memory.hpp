#pragma once

#include <cstdint>
#include <filesystem>

namespace godwit::daemon {

/// What this process may use in all: the machine's memory, or less where a control group (version 2
/// or 1) of the process says so. 0: not known. `root` is "/", but in tests.
[[nodiscard]] std::uint64_t memory_there_is(const std::filesystem::path& root = "/");

}  // namespace godwit::daemon
