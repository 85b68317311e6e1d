#pragma once

#include <godwit/auth/password_hash.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace godwit::auth {

/// Remembers that a password was right, so that a client which comes back costs no slow hash. Holds
/// neither passwords nor hashes of them, but keyed digests, and the key dies with the process. An
/// entry is good for one password and one entry of the password file: if either changes it is
/// worth nothing. One per shard.
class login_cache {
 public:
  /// `key`: 32 random bytes. At most `entries_max` users; the oldest half is forgotten then.
  login_cache(base::bytes key, std::size_t entries_max);

  [[nodiscard]] bool knows(std::string_view user, const password_hash& entry,
                           base::bytes_view password) const;
  void add(std::string_view user, const password_hash& entry, base::bytes_view password);
  [[nodiscard]] std::size_t size() const noexcept { return young_.size() + old_.size(); }

 private:
  using digest = std::array<std::byte, 32>;
  using table =
      boost::unordered_flat_map<std::string, digest, base::seeded_string_hash, std::equal_to<>>;
  [[nodiscard]] digest digest_of(const password_hash& entry, base::bytes_view password) const;

  base::bytes key_;
  std::size_t entries_max_;
  table young_;
  table old_;
};

}  // namespace godwit::auth
