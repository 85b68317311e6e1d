#include "layer.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

namespace godwit::bench {
namespace {

struct freed {
  void operator()(SSL* s) const { SSL_free(s); }
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
  void operator()(SSL_SESSION* s) const { SSL_SESSION_free(s); }
};

[[noreturn]] void fail() {
  const char* const why = ERR_reason_error_string(ERR_peek_error());
  throw bench_error(std::string("TLS: ") + (why == nullptr ? "failed" : why));
}

}  // namespace

struct layer_maker::tls_client {
  std::unique_ptr<SSL_CTX, freed> context{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL_SESSION, freed> newest;

  explicit tls_client(bool resumes) {
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    if (!resumes) return;
    SSL_CTX_set_app_data(context.get(), this);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), [](SSL* s, SSL_SESSION* made) {
      static_cast<tls_client*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(s)))->newest.reset(made);
      return 1;  // it is kept
    });
  }
};

namespace {

class tls_layer final : public layer {
 public:
  explicit tls_layer(const layer_maker::tls_client& from) : session_{SSL_new(from.context.get())} {
    SSL_set_connect_state(session_.get());
    SSL_set_bio(session_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    // What the macro says, without its C cast.
    char host[] = "localhost";
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host);
    if (from.newest) SSL_set_session(session_.get(), from.newest.get());
  }

  void begin(octets& wire) override {
    shake_hands();
    drain(wire);
  }

  state receive(octet_view from_wire, octets& plain, octets& wire) override {
    BIO_write(SSL_get_rbio(session_.get()), from_wire.data(), static_cast<int>(from_wire.size()));
    state now = is_open_ || shake_hands() ? state::open : state::opening;
    while (now == state::open) {
      std::array<std::uint8_t, 16'384> part;
      std::size_t size = 0;
      ERR_clear_error();
      const int done = SSL_read_ex(session_.get(), part.data(), part.size(), &size);
      if (done == 1) {
        plain.insert(plain.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(size));
        continue;
      }
      const int why = SSL_get_error(session_.get(), done);
      if (why == SSL_ERROR_WANT_READ) break;
      if (why != SSL_ERROR_ZERO_RETURN) fail();
      now = state::ended;
    }
    drain(wire);
    return now;
  }

  void seal(octet_view plain, octets& wire) override {
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(session_.get(), plain.data(), plain.size(), &written) != 1) fail();
    drain(wire);
  }

 private:
  bool shake_hands() {
    ERR_clear_error();
    const int done = SSL_do_handshake(session_.get());
    if (done != 1 && SSL_get_error(session_.get(), done) != SSL_ERROR_WANT_READ) fail();
    return is_open_ = done == 1;
  }
  void drain(octets& wire) {
    BIO* const out = SSL_get_wbio(session_.get());
    const std::size_t before = wire.size();
    const std::size_t size = BIO_ctrl_pending(out);
    wire.resize(before + size);
    if (size != 0) BIO_read(out, wire.data() + before, static_cast<int>(size));
  }

  std::unique_ptr<SSL, freed> session_;
  bool is_open_ = false;
};

}  // namespace

layer_maker::layer_maker(const layer_options& how) : how_{how} {
  if (!how.tls) return;
  tls_ = std::make_unique<tls_client>(how.resumes);
  if (how.certificate.empty()) return;
  tls_with_certificate_ = std::make_unique<tls_client>(how.resumes);
  SSL_CTX* const c = tls_with_certificate_->context.get();
  if (SSL_CTX_use_certificate_chain_file(c, how.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(c, how.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail();
  }
}

layer_maker::~layer_maker() = default;

std::unique_ptr<layer> layer_maker::make(identity its) const {
  std::unique_ptr<layer> made;
  const bool shows = its == identity::shown && tls_with_certificate_;
  if (tls_) made = std::make_unique<tls_layer>(shows ? *tls_with_certificate_ : *tls_);
  if (how_.websocket) made = make_websocket_layer(std::move(made));
  return made;
}

}  // namespace godwit::bench
