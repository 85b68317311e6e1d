#pragma once

#include <godwit/auth/login_options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// The words of "password, jwt".
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);
/// "default", "none", or some of certificate, jwt, password, http, scram and anonymous.
[[nodiscard]] bool is_way_to_log_in(std::string_view text);
/// The ways for which files or names are given.
[[nodiscard]] auth::login_methods methods_set_up(const auth::login_options& o);
/// A way that this text names and that is not set up: what is missing.
[[nodiscard]] std::optional<std::string> find_not_set_up(std::string_view text,
                                                         const auth::login_options& o);

}  // namespace godwit::config
