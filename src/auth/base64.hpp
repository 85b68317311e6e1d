#pragma once

#include <godwit/base/bytes.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace godwit::auth {

/// With or without '=' at the end; nothing for other letters or a length that cannot be.
[[nodiscard]] std::optional<base::bytes> decode_base64(std::string_view text);
/// '-' and '_' in place of '+' and '/', never '='. [RFC 7515 2]
[[nodiscard]] std::optional<base::bytes> decode_base64url(std::string_view text);
/// With '='.
[[nodiscard]] std::string encode_base64(base::bytes_view bytes);
[[nodiscard]] std::string encode_base64url(base::bytes_view bytes);

}  // namespace godwit::auth
