#include "base64.hpp"
#include "crypto.hpp"

#include <godwit/auth/password_hash.hpp>
#include <godwit/base/assert.hpp>

#include <sodium.h>

#include <array>
#include <charconv>
#include <new>
#include <optional>

namespace godwit::auth {
namespace {

constexpr std::uint32_t memory_kib_max = 1'048'576;
constexpr std::uint32_t passes_max = 64;
constexpr std::uint32_t lanes_max = 16;
constexpr std::uint32_t iterations_max = 10'000'000;
constexpr std::size_t salt_bytes_max = 64;
constexpr std::string_view token_prefix = "gdt_";

/// Takes the text up to `end`, which goes, too.
std::optional<std::string_view> take_until(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

std::optional<std::uint32_t> read_number(std::string_view text, std::uint32_t max) {
  std::uint32_t n = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (text.empty() || error != std::errc{} || stop != end || n == 0 || n > max) return std::nullopt;
  return n;
}

std::optional<std::uint32_t> read_named(std::string_view& rest, std::string_view name, char end,
                                        std::uint32_t max) {
  const auto part = take_until(rest, end);
  if (!part || !part->starts_with(name)) return std::nullopt;
  return read_number(part->substr(name.size()), max);
}

/// Only the form and the cost; libsodium reads the rest when it verifies.
const char* check_argon2id(std::string_view rest) {
  if (take_until(rest, '$') != "v=19") return "is argon2id of another version than 19";
  if (!read_named(rest, "m=", ',', memory_kib_max) || !read_named(rest, "t=", ',', passes_max) ||
      !read_named(rest, "p=", '$', lanes_max)) {
    return "needs more than 1 GiB, 64 passes or 16 lanes, or is cut off";
  }
  const auto salt = take_until(rest, '$');
  if (!salt || salt->empty() || rest.empty()) return "is cut off";
  const auto decoded_salt = decode_base64(*salt);
  const auto hash = decode_base64(rest);
  if (!decoded_salt || !hash || decoded_salt->size() < 8 || hash->size() < 16) {
    return "is cut off or not Base64";
  }
  return nullptr;
}

/// Never null.
const char* characters(base::bytes_view password) noexcept {
  return password.empty() ? "" : reinterpret_cast<const char*>(password.data());
}

/// An entry that was made here.
password_hash checked(std::string_view text) {
  auto parsed = password_hash::parse(text);
  GODWIT_ASSERT(parsed.has_value());
  return *std::move(parsed);
}

}  // namespace

base::result<password_hash, std::string> password_hash::parse(std::string_view text) {
  password_hash out;
  out.text_ = text;
  std::string_view rest = text;
  const bool is_hash = rest.starts_with('$');
  if (is_hash) rest.remove_prefix(1);
  const auto kind = is_hash ? take_until(rest, '$') : std::nullopt;
  if (!kind) {
    return std::string{
        "is not a hash: passwords in plain text are refused; make the entry with "
        "godwitctl passwd"};
  }
  if (*kind == "argon2id") {
    if (text.size() >= crypto_pwhash_STRBYTES) return std::string{"is too long for argon2id"};
    if (const char* wrong = check_argon2id(rest)) return std::string{wrong};
    out.kind_ = hash_kind::argon2id;
    return out;
  }
  std::optional<std::string_view> salt;
  std::size_t hash_size = 64;
  if (*kind == "7") {
    out.kind_ = hash_kind::pbkdf2_sha512;
    const auto count = take_until(rest, '$');
    const auto n = count ? read_number(*count, iterations_max) : std::nullopt;
    if (!n) return std::string{"has no number of iterations from 1 to 10000000"};
    out.iterations_ = *n;
    salt = take_until(rest, '$');
  } else if (*kind == "6") {
    out.kind_ = hash_kind::salted_sha512;
    salt = take_until(rest, '$');
  } else if (*kind == "scram-sha-256") {
    out.kind_ = hash_kind::scram_sha256;
    hash_size = 32;
    const auto count = take_until(rest, '$');
    const auto n = count ? read_number(*count, iterations_max) : std::nullopt;
    if (!n || *n < scram_iterations_min) {
      return std::string{"has no number of iterations from 4096 to 10000000"};
    }
    out.iterations_ = *n;
    salt = take_until(rest, '$');
  } else if (*kind == "token") {
    out.kind_ = hash_kind::device_token;
    hash_size = 32;
  } else {
    return std::string{
        "is a kind of hash that is not known; known are $argon2id$, $7$, $6$, "
        "$scram-sha-256$ and $token$"};
  }
  if (out.kind_ != hash_kind::device_token) {
    const auto decoded = salt ? decode_base64(*salt) : std::nullopt;
    if (!decoded || decoded->empty() || decoded->size() > salt_bytes_max) {
      return std::string{"has no salt in Base64"};
    }
    out.salt_ = *decoded;
  }
  if (out.kind_ == hash_kind::scram_sha256) {
    const auto stored = take_until(rest, '$');
    const auto server = decode_base64(rest);
    if (!stored || !server || server->size() != hash_size) {
      return std::string{"is cut off or not Base64"};
    }
    out.server_key_ = *server;
    rest = *stored;
  }
  const auto hash = decode_base64(rest);
  if (!hash || hash->size() != hash_size) return std::string{"is cut off or not Base64"};
  out.hash_ = *hash;
  return out;
}

password_hash password_hash::of_password(base::bytes_view password) {
  constexpr unsigned long long passes = 2;
  constexpr std::size_t memory = 19'456UL * 1'024;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(text.data(), characters(password), password.size(), passes, memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc{};
  }
  return checked(text.data());
}

password_hash password_hash::of_scram(std::string_view password, base::bytes_view salt) {
  GODWIT_ASSERT(is_scram_password(password));
  const scram_keys keys = make_scram_keys(base::as_bytes(password), salt, scram_iterations);
  return checked("$scram-sha-256$" + std::to_string(scram_iterations) + "$" + encode_base64(salt) +
                 "$" + encode_base64(keys.stored) + "$" + encode_base64(keys.server));
}

std::optional<scram_verifier> password_hash::scram() const noexcept {
  if (kind_ != hash_kind::scram_sha256) return std::nullopt;
  return scram_verifier{iterations_, salt_, hash_, server_key_};
}

password_hash password_hash::of_token(std::string_view token) {
  const auto digest = sha256(base::as_bytes(token));
  return checked("$token$" + encode_base64(digest));
}

bool password_hash::matches(base::bytes_view password) const {
  if (password.size() > password_bytes_max) return false;
  switch (kind_) {
    case hash_kind::argon2id:
      return sodium_init() >= 0 &&
             crypto_pwhash_str_verify(text_.c_str(), characters(password), password.size()) == 0;
    case hash_kind::pbkdf2_sha512:
      return is_same(pbkdf2_sha512(password, salt_, iterations_), hash_);
    case hash_kind::salted_sha512:
      return is_same(sha512(password, salt_), hash_);
    case hash_kind::scram_sha256:
      return is_same(make_scram_keys(password, salt_, iterations_).stored, hash_);
    case hash_kind::device_token:
      return base::as_text(password).starts_with(token_prefix) && is_same(sha256(password), hash_);
  }
  return false;
}

std::string make_token(std::span<const std::byte, 32> random) {
  return std::string{token_prefix} + encode_base64url(random);
}

}  // namespace godwit::auth
