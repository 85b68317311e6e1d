#pragma once

#include <godwit/net/read_file.hpp>

namespace godwit::net {

/// Reads what a key of the configuration names: a file by its full path, `credential:NAME` (the
/// file of that name in $CREDENTIALS_DIRECTORY, where systemd puts what LoadCredential= names), or
/// `env:NAME` (what that variable of the environment holds, which nobody else can change). Reads
/// the environment, so no other thread changes it at the same time.
[[nodiscard]] base::result<file_text, file_failure> read_input(const std::string& where,
                                                               std::size_t bytes_max);

}  // namespace godwit::net
