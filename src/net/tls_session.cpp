#include "tls_session.hpp"

#include "certificate_names.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <limits>

namespace godwit::net {

void tls_session::deleter::operator()(ssl_st* s) const noexcept {
  SSL_free(s);
}

tls_session::tls_session(const tls_context& context, tls_pump& pump) noexcept
    : session_{context.make_session()} {
  if (session_) bind(pump);
}

void tls_session::bind(tls_pump& pump) noexcept {
  constexpr int one_each_way = 2;
  for (int i = 0; i < one_each_way; ++i) BIO_up_ref(pump.bio());
  SSL_set0_rbio(session_.get(), pump.bio());
  SSL_set0_wbio(session_.get(), pump.bio());
}

void tls_session::unbind() noexcept {
  SSL_set0_rbio(session_.get(), nullptr);
  SSL_set0_wbio(session_.get(), nullptr);
}

tls_session::status tls_session::shake_hands() {
  ERR_clear_error();
  const int done = SSL_do_handshake(session_.get());
  if (done == 1) return status::ready;
  return SSL_get_error(session_.get(), done) == SSL_ERROR_WANT_READ ? status::waits
                                                                    : status::failed;
}

tls_session::read_result tls_session::read(std::span<std::byte> to) {
  read_result out;
  while (out.size < to.size()) {
    std::size_t part = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(session_.get(), to.data() + out.size, to.size() - out.size, &part);
    if (done == 1) {
      out.size += part;
      continue;
    }
    switch (SSL_get_error(session_.get(), done)) {
      case SSL_ERROR_WANT_READ:
        return out;
      case SSL_ERROR_ZERO_RETURN:
        out.now = status::ended_by_peer;
        return out;
      default:
        out.now = status::failed;
        return out;
    }
  }
  out.now = status::ready;
  return out;
}

bool tls_session::write(base::bytes_view plain) {
  std::size_t written = 0;
  ERR_clear_error();
  return plain.empty() ||
         (SSL_write_ex(session_.get(), plain.data(), plain.size(), &written) == 1 &&
          written == plain.size());
}

void tls_session::finish() {
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

bool tls_session::is_resumed() const noexcept {
  return SSL_session_reused(session_.get()) == 1;
}

std::string tls_session::failure() const {
  const unsigned long error = ERR_peek_error();
  switch (ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
      return "the client offers no TLS version from tls.version_min on";
    case SSL_R_NO_SHARED_CIPHER:
      return "the client offers no cipher that is allowed here (tls.ciphers)";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client shows no certificate (tls.require_client_certificate)";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return std::string{"the client's certificate is not good: "} +
             X509_verify_cert_error_string(SSL_get_verify_result(session_.get()));
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the client does not know the authority of our certificate (alert unknown_ca)";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
      return "the client does not accept our certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the client says that our certificate has expired";
    default:
      break;
  }
  const char* const text = ERR_reason_error_string(error);
  return text == nullptr ? "unknown error" : text;
}

base::result<std::unique_ptr<const broker::peer_certificate>, std::string>
tls_session::peer_certificate() const {
  X509* const shown = SSL_get0_peer_certificate(session_.get());
  if (shown == nullptr) return std::unique_ptr<const broker::peer_certificate>{};
  return names_of(shown);
}

}  // namespace godwit::net
