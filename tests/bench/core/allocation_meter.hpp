#pragma once

#include <cstdint>

namespace godwit::bench {

/// How often this program has called operator new. For programs with one thread.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace godwit::bench
