#pragma once

#include <godwit/base/bytes.hpp>

#include <openssl/bio.h>

#include <memory>

namespace godwit::net {

/// Where OpenSSL reads and writes: memory of one shard, shared by all its connections, which are
/// served one after the other. What is fed is always read to its end; a connection that waits for
/// the rest of a record keeps the beginning itself. Outlives the sessions that use it. For one
/// thread.
class tls_pump {
 public:
  tls_pump();
  tls_pump(const tls_pump&) = delete;
  tls_pump& operator=(const tls_pump&) = delete;

  /// The next bytes that a session reads; borrowed until they are read.
  void feed(base::bytes_view from_network) noexcept { input_ = from_network; }
  /// What sessions have written; its user takes it away before it serves another connection.
  [[nodiscard]] base::bytes& wire() noexcept { return wire_; }
  [[nodiscard]] BIO* bio() noexcept { return bio_.get(); }

 private:
  static int on_read(BIO* from, char* to, int size);
  static int on_write(BIO* to, const char* from, int size);
  static long on_control(BIO* of, int what, long number, void* pointer);

  struct method_deleter {
    void operator()(BIO_METHOD* m) const noexcept { BIO_meth_free(m); }
  };
  struct bio_deleter {
    void operator()(BIO* b) const noexcept { BIO_free(b); }
  };
  base::bytes_view input_;
  base::bytes wire_;
  std::unique_ptr<BIO_METHOD, method_deleter> method_;
  std::unique_ptr<BIO, bio_deleter> bio_;
};

}  // namespace godwit::net
