#include "crypto.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

namespace godwit::auth {
namespace {

unsigned char* writable(base::bytes& b) noexcept {
  return reinterpret_cast<unsigned char*>(b.data());
}
const unsigned char* readable(base::bytes_view b) noexcept {
  return reinterpret_cast<const unsigned char*>(b.data());
}

base::bytes digest(const EVP_MD* which, base::bytes_view data, base::bytes_view more) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free};
  base::bytes out(static_cast<std::size_t>(EVP_MD_get_size(which)));
  const bool is_made = context && EVP_DigestInit_ex(context.get(), which, nullptr) == 1 &&
                       EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                       EVP_DigestUpdate(context.get(), more.data(), more.size()) == 1 &&
                       EVP_DigestFinal_ex(context.get(), writable(out), nullptr) == 1;
  GODWIT_ASSERT(is_made);
  return out;
}

base::bytes pbkdf2(const EVP_MD* which, base::bytes_view password, base::bytes_view salt,
                   std::uint32_t iterations) {
  base::bytes out(static_cast<std::size_t>(EVP_MD_get_size(which)));
  // A null pointer would make OpenSSL measure the password itself.
  const char* const text = password.empty() ? "" : reinterpret_cast<const char*>(password.data());
  const int made =
      PKCS5_PBKDF2_HMAC(text, base::checked_cast<int>(password.size()), readable(salt),
                        base::checked_cast<int>(salt.size()), base::checked_cast<int>(iterations),
                        which, base::checked_cast<int>(out.size()), writable(out));
  GODWIT_ASSERT(made == 1);
  return out;
}

}  // namespace

bool is_same(base::bytes_view a, base::bytes_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

base::bytes sha256(base::bytes_view data) {
  return digest(EVP_sha256(), data, {});
}

base::bytes sha512(base::bytes_view data, base::bytes_view more) {
  return digest(EVP_sha512(), data, more);
}

base::bytes pbkdf2_sha256(base::bytes_view password, base::bytes_view salt,
                          std::uint32_t iterations) {
  return pbkdf2(EVP_sha256(), password, salt, iterations);
}

base::bytes pbkdf2_sha512(base::bytes_view password, base::bytes_view salt,
                          std::uint32_t iterations) {
  return pbkdf2(EVP_sha512(), password, salt, iterations);
}

base::bytes hmac_sha256(base::bytes_view key, base::bytes_view data) {
  base::bytes out(32);
  unsigned int size = 0;
  const unsigned char* const made =
      HMAC(EVP_sha256(), key.data(), base::checked_cast<int>(key.size()), readable(data),
           data.size(), writable(out), &size);
  GODWIT_ASSERT(made != nullptr && size == out.size());
  return out;
}

}  // namespace godwit::auth
