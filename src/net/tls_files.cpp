#include "tls_files.hpp"

#include <godwit/base/wipe.hpp>
#include <godwit/net/read_input.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>
#include <utility>

namespace godwit::net {
namespace {

constexpr std::size_t file_bytes_max = 67'108'864;  // lists of revoked certificates grow large

struct freed {
  void operator()(BIO* b) const noexcept { BIO_free(b); }
  void operator()(X509* x) const noexcept { X509_free(x); }
  void operator()(X509_CRL* c) const noexcept { X509_CRL_free(c); }
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
};
template <class T>
using owned = std::unique_ptr<T, freed>;

tls_complaint read_one(std::string_view key, const std::string& path, secrecy how, pem_file& out) {
  auto file = read_input(path, file_bytes_max);
  auto wrong =
      file ? exposure_of(*file, how) : std::optional<std::string>{std::move(file.error().what)};
  if (wrong) return tls_error{std::string{key}, path + ": " + *wrong};
  out = {path, std::move(file->text)};
  return std::nullopt;
}

/// OpenSSL's word for the first error, which says the most.
std::string openssl_reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_error());
  return text == nullptr ? "unknown error" : text;
}

tls_error not_a_pem_file(std::string_view key, const pem_file& file, std::string_view with) {
  return {std::string{key}, file.path + ": is not a PEM file with " + std::string{with} + " (" +
                                openssl_reason() + ")"};
}

int no_password(char*, int, int, void*) {
  return -1;  // An encrypted key is an error and not a question on the terminal.
}

owned<BIO> open(const pem_file& file) {
  ERR_clear_error();
  return owned<BIO>{BIO_new_mem_buf(file.text.data(), static_cast<int>(file.text.size()))};
}

owned<X509> next_certificate(BIO* from) {
  return owned<X509>{PEM_read_bio_X509(from, nullptr, no_password, nullptr)};
}

/// Nothing more came: is that because there is nothing more?
bool at_end() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

tls_complaint use_certificate(SSL_CTX* to, const pem_file& file) {
  const auto wrong = [&] {
    return not_a_pem_file("tls.certificate", file, "a certificate and its chain");
  };
  const owned<BIO> from = open(file);
  const owned<X509> own = next_certificate(from.get());
  if (!own || SSL_CTX_use_certificate(to, own.get()) != 1) return wrong();
  ERR_clear_error();
  for (auto more = next_certificate(from.get()); more; more = next_certificate(from.get())) {
    if (SSL_CTX_add1_chain_cert(to, more.get()) != 1) return wrong();
  }
  if (!at_end()) return wrong();
  return std::nullopt;
}

tls_complaint use_revoked(X509_STORE* to, const pem_file& file) {
  const auto wrong = [&] {
    return not_a_pem_file("tls.crl", file, "lists of revoked certificates");
  };
  const owned<BIO> from = open(file);
  std::size_t count = 0;
  for (;; ++count) {
    const owned<X509_CRL> one{PEM_read_bio_X509_CRL(from.get(), nullptr, no_password, nullptr)};
    if (!one) break;
    if (X509_STORE_add_crl(to, one.get()) != 1) return wrong();
  }
  if (count == 0 || !at_end()) return wrong();
  X509_STORE_set_flags(to, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return std::nullopt;
}

}  // namespace

tls_files::~tls_files() {
  for (identity& i : identities) base::wipe(i.key.text);
}

tls_complaint tls_files::read(const tls_options& o) {
  identities.resize(o.certificates.size());
  for (std::size_t i = 0; i < identities.size(); ++i) {
    auto& [certificate, key] = identities[i];
    auto wrong = read_one("tls.certificate", o.certificates[i], secrecy::open, certificate);
    if (!wrong) wrong = read_one("tls.key", o.keys[i], secrecy::secret, key);
    if (wrong) return wrong;
  }
  if (o.ca.empty()) return std::nullopt;
  if (auto wrong = read_one("tls.ca", o.ca, secrecy::open, authorities.emplace())) return wrong;
  if (o.crl.empty()) return std::nullopt;
  return read_one("tls.crl", o.crl, secrecy::open, revoked.emplace());
}

tls_complaint use_identity(SSL_CTX* to, const tls_files::identity& from) {
  if (auto wrong = use_certificate(to, from.certificate)) return wrong;
  const owned<BIO> text = open(from.key);
  const owned<EVP_PKEY> key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr)};
  if (!key) return not_a_pem_file("tls.key", from.key, "a private key without a password");
  if (SSL_CTX_use_PrivateKey(to, key.get()) != 1 || SSL_CTX_check_private_key(to) != 1) {
    return tls_error{"tls.key", from.key.path + ": is not the key of " + from.certificate.path};
  }
  return std::nullopt;
}

tls_complaint use_authorities(SSL_CTX* to, const tls_files& from, const tls_options& o) {
  if (!from.authorities) return std::nullopt;
  const auto wrong = [&] {
    return not_a_pem_file("tls.ca", *from.authorities, "certificates of authorities");
  };
  X509_STORE* const store = SSL_CTX_get_cert_store(to);
  const owned<BIO> text = open(*from.authorities);
  std::size_t count = 0;
  for (auto one = next_certificate(text.get()); one; one = next_certificate(text.get()), ++count) {
    if (X509_STORE_add_cert(store, one.get()) != 1 || SSL_CTX_add_client_CA(to, one.get()) != 1) {
      return wrong();
    }
  }
  if (count == 0 || !at_end()) return wrong();
  const int must = o.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(to, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | must, nullptr);
  if (!from.revoked) return std::nullopt;
  return use_revoked(store, *from.revoked);
}

}  // namespace godwit::net
