#pragma once

#include <godwit/base/result.hpp>
#include <godwit/net/listener.hpp>

namespace godwit::net {

/// A listening Unix-domain socket under the path in `bind`, for the broker's user and group. What
/// another program has left there, and nobody listens on, is replaced.
[[nodiscard]] base::result<unique_fd, listen_error> listen_on_path(const listener_options& o);

}  // namespace godwit::net
