#pragma once

#include "database.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace godwit::store_rocksdb {

/// Walks through the journal in the order of its chunks, for a start: reads some megabytes at a
/// time and keeps nothing in RocksDB's cache. Like an iterator of RocksDB, it ends where a block
/// cannot be read. For one thread.
class chunk_walk {
 public:
  enum class checks : std::uint8_t {
    all,
    none,  ///< of RocksDB: the same blocks were read and checked just now
  };
  /// Begins at the first chunk with at least this number. `db` outlives the walk.
  chunk_walk(database& db, std::uint64_t from, checks c);

  [[nodiscard]] bool valid() const { return at_->Valid(); }
  /// Of a walk that is at its end.
  [[nodiscard]] rocksdb::Status status() const { return at_->status(); }
  [[nodiscard]] std::uint64_t number() const;
  /// Good until `next`.
  [[nodiscard]] std::string_view bytes() const;
  void next() { at_->Next(); }

 private:
  std::unique_ptr<rocksdb::Iterator> at_;
};

}  // namespace godwit::store_rocksdb
