#pragma once

#include <godwit/net/tls_context.hpp>

#include <openssl/ssl.h>

#include <optional>
#include <string>
#include <vector>

namespace godwit::net {

/// What is wrong; nothing = all is well.
using tls_complaint = std::optional<tls_error>;

/// One file of a listener as it was read.
struct pem_file {
  std::string path;
  std::string text;
};

/// All files of one listener. Each is read once, so what was checked is what is used.
struct tls_files {
  struct identity {
    pem_file certificate;  ///< with the chain behind it
    pem_file key;
  };
  std::vector<identity> identities;
  std::optional<pem_file> authorities;
  std::optional<pem_file> revoked;

  tls_files() = default;
  ~tls_files();  ///< overwrites the keys
  tls_files(const tls_files&) = delete;
  tls_files& operator=(const tls_files&) = delete;

  /// Others must not be able to change any of them, nor to read the keys.
  [[nodiscard]] tls_complaint read(const tls_options& o);
};

/// Gives a context its certificate with the chain, and the key, which must belong to it.
[[nodiscard]] tls_complaint use_identity(SSL_CTX* to, const tls_files::identity& from);
/// Makes a context ask clients for certificates of the authorities, if there are any.
[[nodiscard]] tls_complaint use_authorities(SSL_CTX* to, const tls_files& from,
                                            const tls_options& o);

}  // namespace godwit::net
