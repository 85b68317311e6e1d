#include "require.hpp"

#include <godwit/auth/jwt.hpp>
#include <godwit/auth/password_file.hpp>
#include <godwit/base/bytes.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

namespace godwit::fuzz {

void fuzz_jwt(base::bytes_view input);

namespace {

constexpr std::string_view secret = "a shared secret of at least 32 bytes";

std::string base64url(std::string_view text) {
  std::string out(4 * (text.size() / 3 + 1) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

std::string signed_token(std::string_view claims) {
  std::string text = base64url(R"({"alg":"HS256"})") + "." + base64url(claims);
  std::array<unsigned char, 32> mac{};
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), nullptr);
  return text + "." + base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

}  // namespace

/// The input is a whole token, the claims of a well signed one, a key file and a key set.
void fuzz_jwt(base::bytes_view input) {
  const std::string_view text = base::as_text(input);
  if (text.size() > 8'192) return;
  static const auth::jwt_keys keys = *auth::jwt_keys::from_key_file(secret);
  auth::jwt_options o;
  o.groups_claim = "groups";
  o.acl_claim = "acl";
  const base::wall_time now{std::chrono::seconds{1'500}};
  FUZZ_REQUIRE(!auth::read_jwt(text, keys, o, "c", now) || text.starts_with("eyJ"));
  if (const auto told = auth::read_jwt(signed_token(text), keys, o, "c", now)) {
    FUZZ_REQUIRE(auth::is_user_name(told->user_name));
    FUZZ_REQUIRE(told->expires > now);
  }
  if (const auto read = auth::jwt_keys::from_key_file(text)) FUZZ_REQUIRE(read->size() > 0);
  if (const auto read = auth::jwt_keys::from_jwks(text)) FUZZ_REQUIRE(read->size() > 0);
}

}  // namespace godwit::fuzz
