#pragma once

#include <cstdint>

namespace godwit::daemon {

/// Memory that the process has from the system and nobody uses: free, but not given back yet, or
/// between what is in use; and the allocator's own tables. In bytes, about. 0 in a build with
/// sanitizers, which have an allocator of their own. Any thread; takes some ten microseconds.
[[nodiscard]] std::uint64_t unused_memory() noexcept;

/// Gives back at once what is free; of itself it goes back a little later. Any thread.
void give_back_unused_memory() noexcept;

}  // namespace godwit::daemon
