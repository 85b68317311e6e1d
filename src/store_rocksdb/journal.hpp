#pragma once

#include "commit_rows.hpp"
#include "database.hpp"
#include "replay.hpp"

#include <godwit/store/records.hpp>

#include <memory>
#include <shared_mutex>
#include <span>

namespace godwit::store_rocksdb {

/// Builds and writes the journal's chunks, and cleans its old end. Belongs to the committer's
/// thread; what others may call says so.
class journal {
 public:
  journal(std::string path, const options& how, const internal_options& seams,
          std::unique_ptr<database> db, replayed found);

  /// Starts a chunk: first a step of garbage collection if it is due.
  void begin();
  /// The records of one group commit. Once for a chunk.
  void add(std::span<const store::batch> group);
  /// See `tables::set_next_position`.
  void set_next_position(std::uint64_t session, std::uint64_t next);
  /// Completes the chunk. `write` may be repeated until it succeeds.
  void finish();
  [[nodiscard]] rocksdb::Status write();
  /// After a successful `write`: the chunk counts, and files that hold nothing live are deleted.
  [[nodiscard]] rocksdb::Status written();

  /// Closes RocksDB and opens it again, which is how it recovers from a failed write. The chunk
  /// that was being written may be there or not; all before it must be.
  [[nodiscard]] rocksdb::Status reopen();

  [[nodiscard]] bool needs_cleaning() const noexcept;
  /// Number of the chunk that was built last.
  [[nodiscard]] std::uint64_t last() const noexcept { return state_.last; }
  [[nodiscard]] const journal_state& state() const noexcept { return state_; }
  /// Of its bytes, what a restart needs, roughly.
  [[nodiscard]] std::uint64_t live_bytes() const noexcept {
    return state_.live_bytes(tables_->full_live_bytes());
  }
  [[nodiscard]] const tables& content() const noexcept { return *tables_; }
  [[nodiscard]] std::uint64_t moved_bytes() const noexcept { return moved_bytes_; }

  /// Any thread, as long as the lock is held: the database; none while it is being opened again.
  [[nodiscard]] std::shared_lock<std::shared_mutex> hold_database() {
    return std::shared_lock{database_lock_};
  }
  /// Empty if it is being opened again just now.
  [[nodiscard]] std::shared_lock<std::shared_mutex> try_hold_database() {
    return std::shared_lock{database_lock_, std::try_to_lock};
  }
  [[nodiscard]] database* held_database() noexcept { return db_.get(); }

  [[nodiscard]] rocksdb::Status close();

 private:
  void clean();
  struct chunk_sizes {
    std::size_t bytes = 0;
    std::size_t full = 0;
  };
  chunk_sizes keep_live_of(std::uint64_t number, const commit_target& to);

  std::string path_;
  options how_;
  internal_options seams_;
  std::shared_mutex database_lock_;
  std::unique_ptr<database> db_;
  std::unique_ptr<tables> tables_;
  tables::settled settled_;
  journal_state state_;
  commit_rows rows_;
  chunk_writer chunk_;
  rocksdb::WriteBatch batch_;
  std::uint64_t moved_bytes_ = 0;
  std::uint64_t dropped_bytes_ = 0;  // since files were deleted
  std::size_t last_full_size_ = 0;   // of the chunk that was built last
};

}  // namespace godwit::store_rocksdb
