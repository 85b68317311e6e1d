#pragma once

#include <cstddef>
#include <string>

namespace godwit::auth {

/// One thing that is wrong with the text of a file.
struct mistake {
  std::size_t line = 0;  ///< from 1; 0: the file as a whole
  std::string what;      ///< what is wrong and what would be right; printable, without secrets
};

}  // namespace godwit::auth
