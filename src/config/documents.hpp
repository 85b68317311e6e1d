#pragma once

#include <godwit/config/load.hpp>

#include <optional>
#include <string>

namespace godwit::config {

/// Where a second document starts, if there is one. Also finds text that yaml-cpp takes for the
/// start of endless empty documents, such as ", a": it looks at two documents and no more. Throws
/// YAML::Exception for what is not YAML.
[[nodiscard]] std::optional<position> find_second_document(const std::string& yaml);

}  // namespace godwit::config
