#pragma once

#include <godwit/auth/scram.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace godwit::auth {

/// What an entry of a password file holds; the forms are described in docs/security.md.
enum class hash_kind : std::uint8_t {
  argon2id,       ///< $argon2id$v=19$m=..,t=..,p=..$salt$hash, as libsodium writes it
  pbkdf2_sha512,  ///< $7$iterations$salt$hash, mosquitto's
  salted_sha512,  ///< $6$salt$hash, mosquitto's until 2.0
  scram_sha256,   ///< $scram-sha-256$iterations$salt$stored key$server key
  device_token,   ///< $token$sha256: of a secret that was generated, never of a password
};

/// One checked entry. Immutable.
class password_hash {
 public:
  /// Error: what is wrong, for people; never the text itself, which may be a password.
  [[nodiscard]] static base::result<password_hash, std::string> parse(std::string_view text);
  /// A new argon2id entry with Godwit's cost (19 MiB, 2 passes). Takes 20 ms and more; may throw
  /// std::bad_alloc.
  [[nodiscard]] static password_hash of_password(base::bytes_view password);
  /// A new entry for SCRAM-SHA-256, with a random salt; the password satisfies `is_scram_password`.
  /// Takes 5 ms and more.
  [[nodiscard]] static password_hash of_scram(std::string_view password, base::bytes_view salt);
  /// The entry for a device token as `make_token` makes it.
  [[nodiscard]] static password_hash of_token(std::string_view token);

  /// Whether this is the password. All bytes count; compares in constant time. Takes as long as
  /// `is_slow` says. Without memory the answer is no.
  [[nodiscard]] bool matches(base::bytes_view password) const;
  /// Milliseconds and more: not on a shard's thread.
  [[nodiscard]] bool is_slow() const noexcept {
    return kind_ == hash_kind::argon2id || kind_ == hash_kind::pbkdf2_sha512 ||
           kind_ == hash_kind::scram_sha256;
  }
  /// What SCRAM needs; nothing if the entry is of another kind. Valid as long as this is.
  [[nodiscard]] std::optional<scram_verifier> scram() const noexcept;
  [[nodiscard]] hash_kind kind() const noexcept { return kind_; }
  /// As in the file.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  hash_kind kind_ = hash_kind::argon2id;
  std::uint32_t iterations_ = 0;
  std::string text_;
  base::bytes salt_;
  base::bytes hash_;
  base::bytes server_key_;  ///< SCRAM
};

/// The text of a device token, "gdt_" and 43 letters, from 32 random bytes. Clients send it as
/// their password.
[[nodiscard]] std::string make_token(std::span<const std::byte, 32> random);

/// Longer passwords are refused before anything is computed.
inline constexpr std::size_t password_bytes_max = 4'096;

}  // namespace godwit::auth
