#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// UTF-8 as MQTT wants it: well-formed, without surrogates, without U+0000. Control characters,
/// non-characters and U+FEFF are ordinary. [v311 MQTT-1.5.3-1] [v311 MQTT-1.5.3-2]
/// [v311 MQTT-1.5.3-3] [v5 MQTT-1.5.4-1] [v5 MQTT-1.5.4-2] [v5 MQTT-1.5.4-3]

namespace godwit::mqtt {

enum class utf8_dialect : std::uint8_t {
  strict,
  /// MQTT 3.1 names Java's writeUTF, whose "modified UTF-8" (CESU-8) spells a character above
  /// U+FFFF as a surrogate pair of three bytes each. Such pairs are accepted and can be repaired;
  /// lone surrogates, C0 80 and U+0000 are not. [v31 M31-utf8-1]
  surrogate_pairs,
};

[[nodiscard]] bool is_valid_utf8(std::string_view text,
                                 utf8_dialect dialect = utf8_dialect::strict) noexcept;

/// Does text that is valid in `surrogate_pairs` contain one? Then it must be repaired before it is
/// kept or forwarded.
[[nodiscard]] bool needs_utf8_repair(std::string_view text) noexcept;

/// Turns every surrogate pair into the four-byte form of its character. The rest is kept as it is,
/// so the result of valid `surrogate_pairs` text is strict UTF-8, never longer than the text.
[[nodiscard]] std::string repair_utf8(std::string_view text);

}  // namespace godwit::mqtt
