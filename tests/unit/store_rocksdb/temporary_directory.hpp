#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace godwit::test {

/// A directory of its own that goes with it; in memory where the system has a place for that, so
/// that a thousand starts do not wait for a disk.
class temporary_directory {
 public:
  temporary_directory() {
    std::error_code none;
    const std::filesystem::path memory{"/dev/shm"};
    const auto place =
        std::filesystem::exists(memory, none) ? memory : std::filesystem::temp_directory_path();
    std::string name = (place / "godwit-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace godwit::test
