#pragma once

#include <span>
#include <string>

namespace godwit::base {

/// Overwrites what was secret, so that it is in no core file and in no memory that others get
/// later. The compiler may not leave it out.
void wipe(std::span<std::byte> secret) noexcept;
inline void wipe(std::string& secret) noexcept {
  wipe(std::as_writable_bytes(std::span{secret.data(), secret.size()}));
}

}  // namespace godwit::base
