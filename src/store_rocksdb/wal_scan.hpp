#pragma once

#include <godwit/store_rocksdb/damage.hpp>

#include <string>

namespace godwit::store_rocksdb {

/// Finds the first record that is not what was written in each of RocksDB's write-ahead logs, and
/// adds file and offset to the report. RocksDB itself does not say where.
void find_log_damage(const std::string& database, damage_report& report);

}  // namespace godwit::store_rocksdb
