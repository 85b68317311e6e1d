#pragma once

#include <cstdint>

namespace godwit::net {

/// From here on OpenSSL's memory is counted. Before anything of OpenSSL is used; false if it was
/// too late, and nothing is counted.
bool count_tls_memory() noexcept;
/// Bytes that OpenSSL has now, as the allocator counts them. Any thread.
[[nodiscard]] std::uint64_t tls_bytes() noexcept;

}  // namespace godwit::net
