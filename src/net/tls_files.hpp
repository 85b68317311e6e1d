#pragma once

#include <godwit/net/tls_context.hpp>

#include <openssl/ssl.h>

#include <optional>

namespace godwit::net {

/// What is wrong; nothing = all is well.
using tls_complaint = std::optional<tls_error>;

/// Gives a context its certificate with the chain behind it, and the key, which must belong to it
/// and must not be readable for everybody.
[[nodiscard]] tls_complaint load_certificate(SSL_CTX* to, const std::string& certificate,
                                             const std::string& key);
/// Makes a context ask clients for certificates of these authorities.
[[nodiscard]] tls_complaint load_authorities(SSL_CTX* to, const tls_options& o);
/// Adds what a file holds to a digest. The file has been read once already.
[[nodiscard]] tls_complaint digest_file(EVP_MD_CTX* digest, std::string_view key,
                                        const std::string& path);

}  // namespace godwit::net
