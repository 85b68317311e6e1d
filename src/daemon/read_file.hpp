#pragma once

#include <godwit/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace godwit::daemon {

/// A file's text, and who else can get at it.
struct file_text {
  std::string text;
  /// Others than this process's user and groups may read it: not for secrets.
  bool is_readable_by_others = false;
  /// Others than this process's user and root may change it: not for what decides about logins.
  bool is_writable_by_others = false;
};

/// Why a file cannot be read, for people.
struct file_failure {
  std::string what;
};

/// Reads a regular file of at most `bytes_max`.
[[nodiscard]] base::result<file_text, file_failure> read_file(const std::string& path,
                                                              std::size_t bytes_max);

/// Replaces a file at once, with its mode and owner, or makes it with mode 0600: whoever reads it
/// meanwhile sees the old or the new one. Throws std::system_error.
void replace_file(const std::string& path, const std::string& text);

}  // namespace godwit::daemon
