#pragma once

#include "files.hpp"
#include "inspect.hpp"

#include <godwit/base/clock.hpp>
#include <godwit/observe/log.hpp>

namespace godwit::store_rocksdb {

/// A store that is open for writing, and what it holds.
struct opened_store {
  file_handle lock;
  watermark_file watermark;
  std::unique_ptr<database> db;
  replayed journal;
  restored content;
  std::uint64_t chunks = 0;
  double seconds = 0;
};

/// Locks, checks, reads and opens. Throws `open_failed`.
[[nodiscard]] opened_store open_store(const options& how, const base::clock& clock,
                                      observe::logger& log, const internal_options& seams);

/// Writes a consistent copy of an open database to a store directory that must not exist, with a
/// watermark of its own. Throws `open_failed`.
void copy_store(database& db, std::uint64_t durable_chunk, const std::string& directory);

}  // namespace godwit::store_rocksdb
