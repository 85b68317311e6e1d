#pragma once

#include <string>
#include <string_view>

namespace godwit::config {

/// The variable that can give this key: GODWIT_AUTHENTICATION_PASSWORD_FILE.
[[nodiscard]] std::string variable_of(std::string_view path);
/// The same for a key of the listener of this name: GODWIT_LISTENERS_PHONES_TLS_KEY.
[[nodiscard]] std::string variable_of(std::string_view listener, std::string_view path);

/// Is this variable one that nobody sets for another reason? A service of Kubernetes called godwit
/// makes GODWIT_PORT and others, so not every name that begins with GODWIT_ is meant for us.
[[nodiscard]] bool is_meant_for_a_key(std::string_view variable);

}  // namespace godwit::config
