#include <godwit/base/wipe.hpp>

#include <cstring>

namespace godwit::base {

void wipe(std::span<std::byte> secret) noexcept {
  if (!secret.empty()) ::explicit_bzero(secret.data(), secret.size());
}

}  // namespace godwit::base
