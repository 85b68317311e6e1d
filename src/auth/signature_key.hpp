#pragma once

#include <godwit/base/bytes.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace godwit::auth {

enum class signature_kind : std::uint8_t { rsa, p256, ed25519 };

/// A public key that checks signatures of RS256, ES256 or EdDSA. [RFC 7518 3.3] [RFC 7518 3.4]
/// [RFC 8037 3.1] Immutable, cheap to copy, usable on any thread.
class signature_key {
 public:
  signature_key() noexcept = default;
  /// From the parts that a JSON Web Key has, big-endian. Nothing: they are no key, or a weak one.
  [[nodiscard]] static std::optional<signature_key> rsa(base::bytes_view n, base::bytes_view e);
  [[nodiscard]] static std::optional<signature_key> p256(base::bytes_view x, base::bytes_view y);
  [[nodiscard]] static std::optional<signature_key> ed25519(base::bytes_view x);
  /// All public keys of a PEM text; nothing if one of them cannot be used.
  [[nodiscard]] static std::optional<std::vector<signature_key>> read_pem(std::string_view text);

  [[nodiscard]] signature_kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool has_signed(base::bytes_view message, base::bytes_view signature) const;
  /// In DER, to tell keys apart.
  [[nodiscard]] base::bytes encoded() const;

 private:
  [[nodiscard]] static std::optional<signature_key> checked(std::shared_ptr<evp_pkey_st> key);
  signature_kind kind_ = signature_kind::rsa;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace godwit::auth
