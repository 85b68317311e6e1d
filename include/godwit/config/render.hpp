#pragma once

#include <godwit/config/load.hpp>

#include <string>

namespace godwit::config {

/// A configuration as YAML that loads to the same configuration, but for what is hidden because it
/// may be a secret. Each value says where it comes from: `# godwit.yaml:12`, `# command line`,
/// `# GODWIT_AUTHENTICATION_PASSWORD_FILE` or `# default`.
[[nodiscard]] std::string render_effective(const loaded& what);

/// The text of config/godwit.yaml: every key with its default, kind, range and explanation.
[[nodiscard]] std::string render_reference_yaml();
/// The table of docs/configuration.md.
[[nodiscard]] std::string render_reference_markdown();

}  // namespace godwit::config
