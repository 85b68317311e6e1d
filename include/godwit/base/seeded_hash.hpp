#pragma once

#include <godwit/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::base {

/// 128 secret bits. Drawn once per process (per store where a hash outlives it) and handed in.
struct hash_seed {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  friend constexpr bool operator==(const hash_seed&, const hash_seed&) noexcept = default;
};

/// SipHash-1-3: who does not know the seed cannot choose keys that collide. For the home shard of
/// a client id and for every table whose keys come from clients.
[[nodiscard]] std::uint64_t seeded_hash(bytes_view key, const hash_seed& seed) noexcept;
[[nodiscard]] inline std::uint64_t seeded_hash(std::string_view key,
                                               const hash_seed& seed) noexcept {
  return seeded_hash(as_bytes(key), seed);
}

/// SipHash-2-4: slower; checks the rounds against the published vectors.
[[nodiscard]] std::uint64_t seeded_hash_2_4(bytes_view key, const hash_seed& seed) noexcept;

/// Hasher for unordered containers of strings, with lookup by string_view.
struct seeded_string_hash {
  using is_transparent = void;
  using is_avalanching = void;

  hash_seed seed;
  [[nodiscard]] std::size_t operator()(std::string_view key) const noexcept {
    return seeded_hash(key, seed);
  }
};

}  // namespace godwit::base
