#pragma once

#include "database.hpp"

#include <string>

/// The rows that say what a store is. Both throw `open_failed` (io).

namespace godwit::store_rocksdb {

/// A store that is made: `schema` and a new uuid. Before its first chunk.
void write_fresh_meta(database& db, const std::string& directory);
/// A store of an earlier schema becomes one of this. Before the first record of a later form is
/// written: earlier versions must refuse it then.
void raise_schema(database& db, const std::string& directory);

}  // namespace godwit::store_rocksdb
