#pragma once

#include <godwit/auth/login_options.hpp>
#include <godwit/auth/mistake.hpp>
#include <godwit/auth/principal.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/base/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth {

/// Each key is for one algorithm, which a token cannot choose.
enum class jwt_algorithm : std::uint8_t { hs256, rs256, es256, eddsa };

struct jwt_key;

/// The keys that sign the tokens which are accepted. Immutable.
class jwt_keys {
 public:
  jwt_keys() = default;
  /// Public keys in PEM (RSA from 2048 bits: RS256; P-256: ES256; Ed25519: EdDSA), or else one
  /// shared secret of at least 32 bytes (HS256); one line end behind it does not count.
  [[nodiscard]] static base::result<jwt_keys, std::vector<mistake>> from_key_file(
      std::string_view text);
  /// A JSON Web Key Set. [RFC 7517] Keys for encryption and of other algorithms are left out; none
  /// left is an error.
  [[nodiscard]] static base::result<jwt_keys, std::vector<mistake>> from_jwks(
      std::string_view text);

  void add(const jwt_keys& more);
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  /// A digest of the key that signs this message, or 0. `id` is the one the token names, or empty;
  /// keys that have another one are not tried.
  [[nodiscard]] std::uint64_t find_signer(jwt_algorithm algorithm, std::string_view id,
                                          std::string_view message,
                                          std::string_view signature) const;
  /// Is the key with this digest still there?
  [[nodiscard]] bool has(std::uint64_t digest) const noexcept;
  /// Is there a shared secret among them? Public keys are none.
  [[nodiscard]] bool holds_secrets() const noexcept;

 private:
  std::vector<std::shared_ptr<const jwt_key>> keys_;
};

/// Three parts in Base64url with dots between, the first of which is a JSON object. A password that
/// looks so is taken for a token.
[[nodiscard]] bool looks_like_jwt(std::string_view text) noexcept;

/// Why a token is refused, for the log; a literal.
struct jwt_refusal {
  const char* why = "";
};

/// Who a token says that its bearer is.
/// Every token needs `exp`. [RFC 7519 4.1.4] [RFC 7519 4.1.5]
[[nodiscard]] base::result<identity_parts, jwt_refusal> read_jwt(std::string_view token,
                                                                 const jwt_keys& keys,
                                                                 const jwt_options& options,
                                                                 std::string_view client_id,
                                                                 base::wall_time now);

}  // namespace godwit::auth
