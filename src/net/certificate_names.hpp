#pragma once

#include <godwit/base/result.hpp>
#include <godwit/broker/transport.hpp>

#include <memory>
#include <string>

struct x509_st;

namespace godwit::net {

/// The names in a certificate. An error, in words, if one of them cannot stand for an identity: it
/// holds a control character, a zero or what is not UTF-8, so that it might be taken for another.
[[nodiscard]] base::result<std::unique_ptr<const broker::peer_certificate>, std::string> names_of(
    x509_st* certificate);

}  // namespace godwit::net
