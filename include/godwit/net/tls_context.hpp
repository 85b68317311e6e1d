#pragma once

#include <godwit/base/result.hpp>
#include <godwit/net/options.hpp>
#include <godwit/net/ticket_keys.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace godwit::net {

/// Why a listener's TLS cannot be set up.
struct tls_error {
  std::string key;   ///< of the configuration: "tls.certificate"
  std::string what;  ///< the file, what is wrong with it, and what to do: "/a.pem: ...; ..."
};

/// The certificates of one listener and its rules for TLS. Does not change once it is loaded;
/// connections keep what they need of it. Any thread.
///
/// TLS 1.2 and 1.3, key exchange with forward secrecy and authenticated encryption only, without
/// compression, renegotiation and early data. Sessions resume by tickets, nothing is kept here.
class tls_context {
 public:
  /// Reads and checks all files; `listener` keeps the tickets of different listeners apart. `keys`
  /// outlives it. Reads files, so never on a shard's thread.
  [[nodiscard]] static base::result<std::shared_ptr<const tls_context>, tls_error> load(
      const tls_options& o, std::string_view listener, const ticket_keys& keys);
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  /// The server's side of a new connection, without a BIO; nullptr when memory is out. This object
  /// outlives its handshake.
  [[nodiscard]] ssl_st* make_session() const noexcept;

 private:
  struct private_tag {};
  struct ticket_sealer;
  struct callbacks;

 public:
  tls_context(private_tag, const ticket_keys& keys);

 private:
  std::unique_ptr<ticket_sealer> sealer_;
  std::vector<ssl_ctx_st*> contexts_;  // one per certificate; the first is for everybody else
};

/// The contexts of listeners, by their names.
struct tls_set {
  struct entry {
    std::string listener;
    std::shared_ptr<const tls_context> tls;
  };
  std::vector<entry> entries;
  /// Nothing: this listener has no TLS.
  [[nodiscard]] std::shared_ptr<const tls_context> find(std::string_view listener) const;
};

}  // namespace godwit::net
