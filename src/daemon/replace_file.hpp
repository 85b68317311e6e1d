#pragma once

#include <string>

namespace godwit::daemon {

/// Replaces a file at once, with its mode and owner, or makes it with mode 0600: whoever reads it
/// meanwhile sees the old or the new one. Throws std::system_error.
void replace_file(const std::string& path, const std::string& text);

}  // namespace godwit::daemon
