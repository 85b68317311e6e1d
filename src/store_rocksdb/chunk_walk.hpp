#pragma once

#include "database.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace godwit::store_rocksdb {

/// Walks through the journal in the order of its chunks, for a start: a thread of its own reads
/// some megabytes ahead, so that reading and replaying take two cores. Like an iterator of RocksDB,
/// it ends where a block cannot be read. For one thread.
class chunk_walk {
 public:
  enum class checks : std::uint8_t {
    all,
    none,  ///< of RocksDB: the same blocks were read and checked just now
  };
  /// Begins at the first chunk with at least this number. `db` outlives the walk.
  chunk_walk(database& db, std::uint64_t from, checks c);
  chunk_walk(const chunk_walk&) = delete;
  chunk_walk& operator=(const chunk_walk&) = delete;
  ~chunk_walk();

  [[nodiscard]] bool valid() const noexcept { return at_ < now_.chunks.size(); }
  /// Of a walk that is at its end.
  [[nodiscard]] const rocksdb::Status& status() const noexcept { return now_.end; }
  [[nodiscard]] std::uint64_t number() const noexcept { return now_.chunks[at_].number; }
  /// Good until `next`.
  [[nodiscard]] std::string_view bytes() const noexcept { return now_.chunks[at_].bytes; }
  void next();

 private:
  struct chunk {
    std::uint64_t number = 0;
    std::string bytes;
  };
  struct part {
    std::vector<chunk> chunks;
    rocksdb::Status end;
    bool is_last = false;
  };

  void read(database& db, std::uint64_t from, checks c);
  /// False: nobody wants more.
  bool hand_over(part p);
  void take();

  part now_;
  std::size_t at_ = 0;

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<part> ahead_;
  bool is_over_ = false;
  std::thread reader_;
};

}  // namespace godwit::store_rocksdb
