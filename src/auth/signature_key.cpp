#include "signature_key.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>

namespace godwit::auth {
namespace {

constexpr int rsa_bits_min = 2'048;
constexpr std::size_t p256_bytes = 32;

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using bio = std::unique_ptr<BIO, deleter<BIO_free>>;
using number = std::unique_ptr<BIGNUM, deleter<BN_free>>;
using builder = std::unique_ptr<OSSL_PARAM_BLD, deleter<OSSL_PARAM_BLD_free>>;
using parameters = std::unique_ptr<OSSL_PARAM, deleter<OSSL_PARAM_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, deleter<EVP_PKEY_CTX_free>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, deleter<EVP_MD_CTX_free>>;
using ecdsa_signature = std::unique_ptr<ECDSA_SIG, deleter<ECDSA_SIG_free>>;

const unsigned char* readable(base::bytes_view b) noexcept {
  return reinterpret_cast<const unsigned char*>(b.data());
}

number read_number(base::bytes_view b) {
  return number{BN_bin2bn(readable(b), base::checked_cast<int>(b.size()), nullptr)};
}

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  return key == nullptr ? nullptr : std::shared_ptr<EVP_PKEY>{key, &EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> build(const char* type, OSSL_PARAM_BLD* from) {
  const parameters p{OSSL_PARAM_BLD_to_param(from)};
  const key_context c{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  if (!p || !c || EVP_PKEY_fromdata_init(c.get()) != 1 ||
      EVP_PKEY_fromdata(c.get(), &key, EVP_PKEY_PUBLIC_KEY, p.get()) != 1) {
    return nullptr;
  }
  return own(key);
}

/// The two numbers of a JWS signature as the DER that OpenSSL reads. [RFC 7518 3.4]
base::bytes to_der(base::bytes_view signature) {
  const ecdsa_signature s{ECDSA_SIG_new()};
  number r = read_number(signature.first(p256_bytes));
  number t = read_number(signature.subspan(p256_bytes));
  GODWIT_ASSERT(s && r && t && ECDSA_SIG_set0(s.get(), r.get(), t.get()) == 1);
  static_cast<void>(r.release());
  static_cast<void>(t.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(s.get(), &der);
  GODWIT_ASSERT(size > 0);
  const auto* const first = reinterpret_cast<const std::byte*>(der);
  base::bytes out(first, first + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::optional<signature_key> signature_key::checked(std::shared_ptr<EVP_PKEY> key) {
  ERR_clear_error();
  if (!key) return std::nullopt;
  signature_key out;
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    if (EVP_PKEY_get_bits(key.get()) < rsa_bits_min) return std::nullopt;
    out.kind_ = signature_kind::rsa;
  } else if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    std::array<char, 64> group{};
    if (EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) != 1 ||
        std::string_view{group.data()} != "prime256v1") {
      return std::nullopt;
    }
    out.kind_ = signature_kind::p256;
  } else if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
    out.kind_ = signature_kind::ed25519;
  } else {
    return std::nullopt;
  }
  out.key_ = std::move(key);
  return out;
}

std::optional<signature_key> signature_key::rsa(base::bytes_view n, base::bytes_view e) {
  constexpr std::size_t bytes_max = 2'048;
  if (n.size() > bytes_max || e.size() > 8) return std::nullopt;
  const builder b{OSSL_PARAM_BLD_new()};
  const number modulus = read_number(n);
  const number exponent = read_number(e);
  if (!b || !modulus || !exponent || BN_is_odd(exponent.get()) != 1 ||
      BN_is_one(exponent.get()) == 1 ||
      OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(b.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return std::nullopt;
  }
  return checked(build("RSA", b.get()));
}

std::optional<signature_key> signature_key::p256(base::bytes_view x, base::bytes_view y) {
  if (x.size() != p256_bytes || y.size() != p256_bytes) return std::nullopt;
  base::bytes point{std::byte{4}};  // not compressed
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const builder b{OSSL_PARAM_BLD_new()};
  if (!b ||
      OSSL_PARAM_BLD_push_utf8_string(b.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(b.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return std::nullopt;
  }
  return checked(build("EC", b.get()));
}

std::optional<signature_key> signature_key::ed25519(base::bytes_view x) {
  return checked(
      own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, readable(x), x.size())));
}

std::optional<std::vector<signature_key>> signature_key::read_pem(std::string_view text) {
  const bio from{BIO_new_mem_buf(text.data(), base::checked_cast<int>(text.size()))};
  std::vector<signature_key> out;
  for (;;) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(from.get(), &name, &header, &data, &size) != 1) {
      // The end of the text is told as "no start line"; anything else is a broken block.
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      ERR_clear_error();
      if (!at_end) return std::nullopt;
      return out;
    }
    const unsigned char* der = data;
    auto key = std::string_view{name} == PEM_STRING_PUBLIC
                   ? checked(own(d2i_PUBKEY(nullptr, &der, size)))
                   : std::nullopt;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
    if (!key) return std::nullopt;
    out.push_back(*std::move(key));
  }
}

bool signature_key::has_signed(base::bytes_view message, base::bytes_view signature) const {
  base::bytes der;
  if (kind_ == signature_kind::p256) {
    if (signature.size() != 2 * p256_bytes) return false;
    der = to_der(signature);
    signature = der;
  }
  const EVP_MD* const digest = kind_ == signature_kind::ed25519 ? nullptr : EVP_sha256();
  const digest_context c{EVP_MD_CTX_new()};
  const bool is_good = c &&
                       EVP_DigestVerifyInit(c.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
                       EVP_DigestVerify(c.get(), readable(signature), signature.size(),
                                        readable(message), message.size()) == 1;
  ERR_clear_error();
  return is_good;
}

base::bytes signature_key::encoded() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  GODWIT_ASSERT(size > 0);
  const auto* const first = reinterpret_cast<const std::byte*>(der);
  base::bytes out(first, first + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace godwit::auth
