#pragma once

#include <godwit/auth/mistake.hpp>
#include <godwit/auth/rule_options.hpp>
#include <godwit/base/result.hpp>

#include <string_view>
#include <vector>

namespace godwit::auth {

/// Reads an ACL file of mosquitto: `user NAME`, `topic [read|write|readwrite|deny] FILTER`,
/// `pattern [...] FILTER`, comments with '#' at the start of a line. The rules come out in the
/// order in which mosquitto asks them: a user's denials, the user's permissions, denials of
/// patterns, permissions of patterns. Lines before the first `user` are for anonymous clients.
/// `name` is the file's, for people. Errors: all that is wrong, with lines.
[[nodiscard]] base::result<rule_file_options, std::vector<mistake>> parse_mosquitto_acl(
    std::string_view text, std::string_view name);

}  // namespace godwit::auth
