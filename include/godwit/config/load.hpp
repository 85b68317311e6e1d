#pragma once

#include <godwit/config/configuration.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// A configuration, all its files together, is at most so long; a longer one is refused.
inline constexpr std::size_t file_bytes_max = 1'048'576;

/// Where something stands, counted from 1. Line 0: nowhere in particular.
struct position {
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t source = 0;  ///< which of `loaded::sources`; 0 is the first file
};

/// One thing that is wrong: `godwit.yaml:12:5: session.expiry: "soon" is not a duration; write
/// ...`.
struct mistake {
  position where;
  std::string what;  ///< key, what is wrong, what would be right; printable ASCII
};

/// A variable of the environment.
struct variable {
  std::string name;
  std::string value;
};

/// What the files say. `value` is complete only if there are no mistakes.
struct loaded {
  configuration value;
  std::vector<mistake> mistakes;            ///< all of the files, in their order
  std::map<std::string, position> origins;  ///< where each given key stands
  /// Names of files, then of variables and of whatever else says something.
  std::vector<std::string> sources = {std::string{}};
  std::size_t files = 0;  ///< so many of them are files that were read

  [[nodiscard]] std::string_view name_of(const position& p) const;
  std::size_t add_source(std::string_view name);
};

/// Reads YAML text, as a file of this name would have it, but no file that it includes. Never
/// throws for what the text says. Of the environment it takes what names a secret: a variable such
/// as GODWIT_AUTHENTICATION_PASSWORD_FILE is stronger than the key.
[[nodiscard]] loaded load_text(std::string_view yaml, std::string_view name = {},
                               const std::vector<variable>& environment = {});
/// Reads a file and those that it includes; that one cannot be read is a mistake like any other.
[[nodiscard]] loaded load_file(const std::string& path,
                               const std::vector<variable>& environment = {});

/// The line for people: `path:line:column: what`.
[[nodiscard]] std::string describe(const mistake& m, std::string_view path);
/// The same with the name of the file that it is in.
[[nodiscard]] std::string describe(const mistake& m, const loaded& of);

}  // namespace godwit::config
