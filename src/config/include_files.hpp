#pragma once

#include "reader.hpp"

#include <string>

namespace godwit::config {

/// Reads the files of the directory that the first file includes: those whose names end in .yaml
/// or .yml and do not begin with a dot, in the order of their names. A relative directory is one
/// beside the first file. `bytes_left` is how much of the longest configuration is left for them.
void read_included_files(reader& to, const std::string& first_file, std::size_t bytes_left);

/// The text of a file, or what keeps it from being read.
struct text_or_complaint {
  std::string text;
  std::string wrong;  ///< empty: nothing
};
/// `limit` is what is told of a longer one.
[[nodiscard]] text_or_complaint read_text(const std::string& path, std::size_t bytes_max,
                                          std::string_view limit);

}  // namespace godwit::config
