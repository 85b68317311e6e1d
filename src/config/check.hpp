#pragma once

#include <godwit/config/load.hpp>

namespace godwit::config {

/// What no single key shows: every name and every address with its port is there once, and an
/// address beyond loopback is one where clients have to log in, or was asked for by name.
void check_listeners(loaded& file);
/// At most one file of rules.
void check_rights(loaded& file);

/// What the keys of `tls` say together.
void check_tls(loaded& file);

}  // namespace godwit::config
