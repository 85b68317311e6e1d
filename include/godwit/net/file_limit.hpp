#pragma once

#include <cstdint>

namespace godwit::net {

/// Raises the soft limit of open files to the hard one and returns the limit that holds then; it is
/// left as it is when the system refuses. Once, at start.
std::uint64_t raise_file_limit() noexcept;
/// The limit of open files that holds now.
[[nodiscard]] std::uint64_t file_limit() noexcept;

}  // namespace godwit::net
