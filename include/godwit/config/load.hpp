#pragma once

#include <godwit/config/configuration.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// A configuration file is at most so long; a longer one is refused unread.
inline constexpr std::size_t file_bytes_max = 1'048'576;

/// Where in the file something stands, counted from 1. Line 0: nowhere in particular.
struct position {
  std::size_t line = 0;
  std::size_t column = 0;
};

/// One thing that is wrong: `godwit.yaml:12:5: session.expiry: "soon" is not a duration; write
/// ...`.
struct mistake {
  position where;
  std::string what;  ///< key, what is wrong, what would be right; printable ASCII
};

/// What a file says. `value` is complete only if there are no mistakes.
struct loaded {
  configuration value;
  std::vector<mistake> mistakes;            ///< all of the file, in its order
  std::map<std::string, position> origins;  ///< where each given key stands; nowhere = command line
};

/// Reads YAML text. Never throws for what the text says.
[[nodiscard]] loaded load_text(std::string_view yaml);
/// Reads a file; that it cannot be read is a mistake like any other.
[[nodiscard]] loaded load_file(const std::string& path);

/// The line for people: `path:line:column: what`.
[[nodiscard]] std::string describe(const mistake& m, std::string_view path);

}  // namespace godwit::config
