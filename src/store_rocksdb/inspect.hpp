#pragma once

#include "files.hpp"
#include "replay.hpp"

namespace godwit::store_rocksdb {

/// A store looked at without changing it.
struct inspection {
  bool is_new = false;           ///< nothing is there yet
  std::unique_ptr<database> db;  ///< read-only; none if it does not open at all
  std::uint32_t schema = 0;      ///< 0: it cannot be read
  replayed found;
  damage_report damage;
  bool torn_tail = false;
};

/// Reads and checks everything. The caller holds the store's lock. Throws `open_failed`:
/// newer_schema, io.
[[nodiscard]] inspection inspect(const std::string& directory, const options& how,
                                 const internal_options& seams);

}  // namespace godwit::store_rocksdb
