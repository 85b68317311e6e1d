#pragma once

#include <godwit/base/bytes.hpp>

#include <cstdint>

namespace godwit::auth {

/// The few functions of OpenSSL's that this module needs, without OpenSSL's types.

/// Whether two digests are equal, in a time that does not depend on where they differ.
[[nodiscard]] bool is_same(base::bytes_view a, base::bytes_view b) noexcept;
[[nodiscard]] base::bytes sha256(base::bytes_view data);
/// Of `data` followed by `more`.
[[nodiscard]] base::bytes sha512(base::bytes_view data, base::bytes_view more);
[[nodiscard]] base::bytes pbkdf2_sha256(base::bytes_view password, base::bytes_view salt,
                                        std::uint32_t iterations);
[[nodiscard]] base::bytes pbkdf2_sha512(base::bytes_view password, base::bytes_view salt,
                                        std::uint32_t iterations);
/// Keyed digests: who does not know the key cannot make them.
[[nodiscard]] base::bytes hmac_sha256(base::bytes_view key, base::bytes_view data);

}  // namespace godwit::auth
