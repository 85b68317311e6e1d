#include "tls_files.hpp"

#include <godwit/net/unique_fd.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace godwit::net {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
void free_names(STACK_OF(X509_NAME) * names) {
  sk_X509_NAME_pop_free(names, X509_NAME_free);
}

enum class secrecy : std::uint8_t { open, secret };

/// Why a file cannot be used, before OpenSSL looks at it, whose messages say less.
tls_complaint look_at(std::string_view key, const std::string& path, secrecy how) {
  const auto wrong = [&](const std::string& what) {
    return tls_error{std::string{key}, path + ": " + what};
  };
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file) return wrong("cannot be opened: " + std::system_category().message(errno));
  struct stat about {};
  if (::fstat(file.value(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return wrong("is not a file");
  }
  if (how == secrecy::secret && (about.st_mode & S_IRWXO) != 0) {
    return wrong("everybody may read or write it; take that away: chmod o-rwx " + path);
  }
  return std::nullopt;
}

/// OpenSSL's word for the first error, which says the most.
std::string openssl_reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_error());
  return text == nullptr ? "unknown error" : text;
}

int no_password(char*, int, int, void*) {
  return -1;  // An encrypted key is an error and not a question on the terminal.
}

}  // namespace

tls_complaint load_certificate(SSL_CTX* to, const std::string& certificate,
                               const std::string& key) {
  constexpr std::string_view certificate_key = "tls.certificate";
  constexpr std::string_view key_key = "tls.key";
  if (auto wrong = look_at(certificate_key, certificate, secrecy::open)) return wrong;
  if (auto wrong = look_at(key_key, key, secrecy::secret)) return wrong;
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(to, certificate.c_str()) != 1) {
    return tls_error{std::string{certificate_key},
                     certificate + ": is not a PEM file with a certificate and its chain (" +
                         openssl_reason() + ")"};
  }
  SSL_CTX_set_default_passwd_cb(to, no_password);
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey_file(to, key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_check_private_key(to) == 1) {
    return std::nullopt;
  }
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_X509) {
    return tls_error{std::string{key_key}, key + ": is not the key of " + certificate};
  }
  return tls_error{std::string{key_key}, key +
                                             ": is not a PEM file with a private key without "
                                             "a password (" +
                                             openssl_reason() + ")"};
}

tls_complaint load_authorities(SSL_CTX* to, const tls_options& o) {
  if (auto wrong = look_at("tls.ca", o.ca, secrecy::open)) return wrong;
  ERR_clear_error();
  std::unique_ptr<STACK_OF(X509_NAME), freed_by<free_names>> names{
      SSL_load_client_CA_file(o.ca.c_str())};
  if (names == nullptr || sk_X509_NAME_num(names.get()) == 0 ||
      SSL_CTX_load_verify_file(to, o.ca.c_str()) != 1) {
    return tls_error{"tls.ca", o.ca + ": is not a PEM file with certificates of authorities (" +
                                   openssl_reason() + ")"};
  }
  SSL_CTX_set_client_CA_list(to, names.release());
  const int must = o.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(to, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | must, nullptr);
  if (o.crl.empty()) return std::nullopt;
  if (auto wrong = look_at("tls.crl", o.crl, secrecy::open)) return wrong;
  X509_STORE* const store = SSL_CTX_get_cert_store(to);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  ERR_clear_error();
  if (lookup == nullptr || X509_load_crl_file(lookup, o.crl.c_str(), X509_FILETYPE_PEM) < 1) {
    return tls_error{"tls.crl", o.crl + ": is not a PEM file with lists of revoked certificates (" +
                                    openssl_reason() + ")"};
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return std::nullopt;
}

tls_complaint digest_file(EVP_MD_CTX* digest, std::string_view key, const std::string& path) {
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 4'096> part{};
  ssize_t size = file ? 1 : -1;
  while (size > 0) {
    size = ::read(file.value(), part.data(), part.size());
    if (size > 0) EVP_DigestUpdate(digest, part.data(), static_cast<std::size_t>(size));
  }
  if (size == 0) return std::nullopt;
  return tls_error{std::string{key},
                   path + ": cannot be read: " + std::system_category().message(errno)};
}

}  // namespace godwit::net
