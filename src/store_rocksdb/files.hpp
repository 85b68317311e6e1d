#pragma once

#include "internal_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

/// The store's files beside RocksDB's own.

namespace godwit::store_rocksdb {

/// Owns a descriptor.
class file_handle {
 public:
  file_handle() = default;
  explicit file_handle(int fd) noexcept : fd_{fd} {}
  file_handle(file_handle&& other) noexcept;
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct store_paths {
  explicit store_paths(const std::string& directory)
      : database{directory + "/db"},
        lock{directory + "/lock"},
        watermark{directory + "/watermark"},
        ballast{directory + "/ballast"} {}
  std::string database, lock, watermark, ballast;
};

/// Keeps other processes out of a store as long as it lives. Throws `open_failed`: in_use with the
/// pid of who has it, io.
[[nodiscard]] file_handle lock_store(const std::string& path);

/// The number of the last chunk that is known to be durable, in a file of its own that is written
/// after each commit and not synced: after a kill it is right, after a power cut it may be old.
class watermark_file {
 public:
  watermark_file() = default;
  /// Makes it if it is not there.
  [[nodiscard]] std::error_code open(const std::string& path);
  /// Nothing if there is none, or it cannot be read.
  [[nodiscard]] static std::optional<std::uint64_t> read(const std::string& path);
  [[nodiscard]] std::error_code write(std::uint64_t chunk) noexcept;
  [[nodiscard]] std::error_code sync() noexcept;

 private:
  file_handle file_;
};

/// Space that is kept for the day when the disk is full.
class ballast_file {
 public:
  ballast_file(std::string path, std::uint64_t bytes) : path_{std::move(path)}, bytes_{bytes} {}
  [[nodiscard]] bool exists() const noexcept;
  /// False if there is no room for it (then nothing is left of it).
  [[nodiscard]] bool make() noexcept;
  void give_up() noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::string path_;
  std::uint64_t bytes_;
};

[[nodiscard]] internal_options::disk_space space_of(const std::string& directory) noexcept;
/// 128 random bits as text, from the kernel.
[[nodiscard]] std::string fresh_uuid();
/// Of the calling thread's last failed call.
[[nodiscard]] std::error_code last_error() noexcept;
/// Makes a file or directory durable.
[[nodiscard]] std::error_code sync_file(const std::string& path) noexcept;
/// So that a file's name survives a power cut.
void sync_directory(const std::string& path) noexcept;

}  // namespace godwit::store_rocksdb
