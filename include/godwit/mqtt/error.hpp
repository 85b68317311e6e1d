#pragma once

#include <godwit/base/result.hpp>
#include <godwit/mqtt/reason_code.hpp>

#include <boost/assert/source_location.hpp>

namespace godwit::mqtt {

/// What a peer did wrong. Both texts are string literals: nothing the peer sent is kept here.
struct protocol_error {
  reason_code code{};       ///< What a MQTT 5 peer is told (CONNACK or DISCONNECT).
  const char* clause = "";  ///< The rule, e.g. "v311 MQTT-3.3.1-4" (may name several).
  const char* what = "";    ///< For the log: "PUBLISH with QoS 3".
};

/// Boost.System asks for this where `result::value()` is called without a check: a bug of ours.
[[noreturn]] void throw_exception_from_error(const protocol_error& error,
                                             const boost::source_location& where);

template <class T>
using result = base::result<T, protocol_error>;

}  // namespace godwit::mqtt
