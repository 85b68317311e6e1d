#pragma once

#include <functional>
#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace godwit::store_rocksdb {

/// Seams for tests.
struct internal_options {
  /// Below RocksDB; none: the system's.
  std::shared_ptr<rocksdb::FileSystem> file_system{};
  /// Free bytes and size of the disk that holds the store; none: statvfs.
  struct disk_space {
    std::uint64_t free = 0;
    std::uint64_t size = 0;
  };
  std::function<disk_space()> space{};
  /// The committer takes nothing while this says so.
  std::function<bool()> is_held{};
};

}  // namespace godwit::store_rocksdb
