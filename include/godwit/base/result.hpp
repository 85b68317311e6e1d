#pragma once

#include <boost/system/result.hpp>

namespace godwit::base {

/// A value or an error; never ignored. Errors of peers are `mqtt::protocol_error`, errors of the
/// environment `std::error_code` or a module's own type.
template <class T, class E>
using result = boost::system::result<T, E>;

}  // namespace godwit::base
