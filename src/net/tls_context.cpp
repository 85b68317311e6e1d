#include "tls_files.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace godwit::net {
namespace {

constexpr const char* good_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* good_groups = "X25519:P-256:P-384";
constexpr long ticket_lifetime_s = 86'400;
/// A client's certificate with its chain; OpenSSL would take 100 KiB.
constexpr long client_chain_bytes_max = 32'768;

int protocol_of(tls_version v) noexcept {
  switch (v) {
    case tls_version::v1_2:
      return TLS1_2_VERSION;
    case tls_version::v1_3:
      return TLS1_3_VERSION;
  }
  return TLS1_3_VERSION;
}

}  // namespace

struct tls_context::ticket_sealer {
  const ticket_keys& keys;
  ticket_keys::trust trust{};
};

/// What OpenSSL calls; the handshake's thread.
struct tls_context::callbacks {
  static const tls_context& context_of(SSL* s) noexcept {
    return *static_cast<const tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(s)));
  }

  /// The client names the host that it wants (SNI).
  static int on_server_name(SSL* s, int*, void*) {
    const char* const name = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    for (ssl_ctx_st* const c : context_of(s).contexts_) {
      if (X509_check_host(SSL_CTX_get0_certificate(c), name, 0, 0, nullptr) == 1) {
        SSL_set_SSL_CTX(s, c);
        return SSL_TLSEXT_ERR_OK;
      }
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  static int on_ticket(SSL* s, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int seals) {
    const ticket_sealer& sealer = *context_of(s).sealer_;
    auto* const its_name = reinterpret_cast<std::byte*>(name);
    ticket_keys::key k;
    auto age = ticket_keys::age::current;
    if (seals != 0) {
      k = sealer.keys.current(sealer.trust);
      std::ranges::copy(k.name, its_name);
      if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    } else {
      age = sealer.keys.find(sealer.trust, std::span<const std::byte, 16>{its_name, 16}, k);
      if (age == ticket_keys::age::unknown) return 0;
    }
    const auto* const key = reinterpret_cast<const unsigned char*>(k.cipher.data());
    char sha256[] = "SHA256";
    const OSSL_PARAM how[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, k.mac.data(), k.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
        OSSL_PARAM_construct_end()};
    const bool ok =
        EVP_MAC_CTX_set_params(mac, how) == 1 &&
        (seals != 0 ? EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key, iv)
                    : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key, iv)) == 1;
    OPENSSL_cleanse(&k, sizeof k);
    if (!ok) return -1;
    constexpr int renew = 2;
    return age == ticket_keys::age::previous ? renew : 1;
  }

  static tls_complaint set_rules(SSL_CTX* c, const tls_options& o,
                                 const ticket_keys::trust& trust) {
    constexpr std::uint64_t wanted = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_CLEANSE_PLAINTEXT;
    constexpr int strong = 2;  // RSA from 2048 bits on, no SHA-1
    SSL_CTX_set_options(c, wanted);
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_security_level(c, strong);
    SSL_CTX_set_min_proto_version(c, protocol_of(o.version_min));
    SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(c, reinterpret_cast<const unsigned char*>(trust.data()),
                                   static_cast<unsigned>(trust.size()));
    SSL_CTX_set_timeout(c, ticket_lifetime_s);
    SSL_CTX_set_num_tickets(c, 1);
    SSL_CTX_set_max_cert_list(c, client_chain_bytes_max);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket);
    // What the macro says, without its C cast.
    SSL_CTX_callback_ctrl(c, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(on_server_name));
    SSL_CTX_set1_groups_list(c, good_groups);
    if (SSL_CTX_set_cipher_list(c, o.ciphers.empty() ? good_ciphers : o.ciphers.c_str()) != 1) {
      return tls_error{"tls.ciphers", "\"" + o.ciphers +
                                          "\" names no cipher that is known; `openssl ciphers -v` "
                                          "lists them"};
    }
    return std::nullopt;
  }

  /// Tickets of clients that other authorities would vouch for are not taken.
  static void digest_trust(const tls_options& o, const tls_files& files, std::string_view listener,
                           ticket_keys::trust& out) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free};
    EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
    EVP_DigestUpdate(digest.get(), listener.data(), listener.size());
    EVP_DigestUpdate(digest.get(), &o.require_client_certificate, 1);
    for (const auto* const file : {&files.authorities, &files.revoked}) {
      if (*file) EVP_DigestUpdate(digest.get(), (*file)->text.data(), (*file)->text.size());
    }
    EVP_DigestFinal_ex(digest.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr);
  }
};

tls_context::tls_context(private_tag, const ticket_keys& keys)
    : sealer_{std::make_unique<ticket_sealer>(ticket_sealer{keys})} {}

tls_context::~tls_context() {
  for (ssl_ctx_st* const c : contexts_) SSL_CTX_free(c);
}

base::result<std::shared_ptr<const tls_context>, tls_error> tls_context::load(
    const tls_options& o, std::string_view listener, const ticket_keys& keys) {
  if (o.certificates.size() != o.keys.size()) {
    return tls_error{"tls.key", "there are " + std::to_string(o.certificates.size()) +
                                    " certificates and " + std::to_string(o.keys.size()) +
                                    " keys; name one key for each certificate, in their order"};
  }
  tls_files files;
  if (auto wrong = files.read(o)) return *wrong;
  const auto made = std::make_shared<tls_context>(private_tag{}, keys);
  callbacks::digest_trust(o, files, listener, made->sealer_->trust);
  for (const tls_files::identity& identity : files.identities) {
    SSL_CTX* const c = SSL_CTX_new(TLS_server_method());
    if (c == nullptr) return tls_error{"tls.certificate", "out of memory"};
    made->contexts_.push_back(c);
    SSL_CTX_set_app_data(c, made.get());
    if (auto wrong = callbacks::set_rules(c, o, made->sealer_->trust)) return *wrong;
    if (auto wrong = use_identity(c, identity)) return *wrong;
    if (auto wrong = use_authorities(c, files, o)) return *wrong;
  }
  return std::shared_ptr<const tls_context>{made};
}

std::shared_ptr<const tls_context> tls_set::find(std::string_view listener) const {
  const auto found = std::ranges::find(entries, listener, &entry::listener);
  return found == entries.end() ? nullptr : found->tls;
}

ssl_st* tls_context::make_session() const noexcept {
  SSL* const s = SSL_new(contexts_.front());
  if (s != nullptr) SSL_set_accept_state(s);
  return s;
}

}  // namespace godwit::net
