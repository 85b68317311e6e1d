#pragma once

#include <godwit/config/configuration.hpp>

#include <string>

namespace godwit::daemon {

/// Where Debian's package keeps the configuration.
inline constexpr const char* packaged_config = "/etc/godwit/godwit.yaml";

/// The Unix socket of operators: `control.socket`, else `control` in the store's directory, which
/// `directory` names if it is not empty. Empty: none is named and durable state is in memory only.
[[nodiscard]] std::string control_path_of(const config::configuration& c,
                                          const std::string& directory);

}  // namespace godwit::daemon
