#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace godwit::test {

/// The system's files, under a RocksDB that believes in them: knows what was synced, loses the rest
/// on demand, and fails at the n-th operation.
class crash_file_system final : public rocksdb::FileSystemWrapper {
 public:
  crash_file_system() : rocksdb::FileSystemWrapper{rocksdb::FileSystem::Default()} {}
  [[nodiscard]] const char* Name() const override { return "crash_file_system"; }

  /// The n-th write, sync, rename, creation or deletion from here on fails, once. 0: none.
  void fail_at(std::uint64_t n);
  /// From now on everything fails: the power is off.
  void power_off() { is_off_.store(true); }
  /// Cuts every file to what was synced, and to some of the rest: `kept` of 256 parts of what was
  /// not synced stay, of which the last `torn` bytes are noise. The power is on again.
  void power_on(std::uint32_t kept, std::uint32_t torn);
  [[nodiscard]] std::uint64_t operations() const { return operations_.load(); }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& how,
                                    std::unique_ptr<rocksdb::FSWritableFile>* to,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& how,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& how,
                               rocksdb::IODebugContext* context) override;

  // For the files.
  [[nodiscard]] rocksdb::IOStatus count(const char* what);
  void synced(const std::string& name, std::uint64_t size);

 private:
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> fail_at_{0};
  std::atomic<bool> is_off_{false};
  std::mutex lock_;
  std::map<std::string, std::uint64_t> synced_;
};

}  // namespace godwit::test
