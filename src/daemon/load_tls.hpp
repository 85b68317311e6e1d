#pragma once

#include <godwit/config/load.hpp>
#include <godwit/net/tls_context.hpp>

namespace godwit::daemon {

/// Reads the certificates and keys that the listeners name. What is wrong with them joins the
/// mistakes of the file; then what is returned is not complete. Nothing is done for a file that has
/// mistakes already. `keys` outlives what is returned.
net::tls_set load_tls(config::loaded& file, const net::ticket_keys& keys);

}  // namespace godwit::daemon
