#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::base {

/// Makes bytes of a peer fit for a log line or a message to people: printable ASCII stays, a
/// backslash is doubled, every other byte becomes \xNN. Takes at most `max` bytes of `text`, and
/// ends in "..." when there were more.
[[nodiscard]] std::string escape_for_log(std::string_view text, std::size_t max = 128);

}  // namespace godwit::base
