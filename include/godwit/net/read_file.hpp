#pragma once

#include <godwit/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace godwit::net {

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

enum class secrecy : std::uint8_t { open, secret };
/// What is wrong with who else can get at a file, and what to do: "can be changed by others; ...".
/// Nothing: it may be used.
[[nodiscard]] std::optional<std::string> exposure_of(const file_text& file, secrecy how);

}  // namespace godwit::net
