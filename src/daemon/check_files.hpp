#pragma once

#include <godwit/config/load.hpp>

namespace godwit::daemon {

/// Reads the files that a configuration names and that must be right before anything starts: those
/// of TLS. What is wrong with them is added to the mistakes, at the key that names the file.
void check_files(config::loaded& file);

}  // namespace godwit::daemon
