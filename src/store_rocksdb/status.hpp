#pragma once

#include <godwit/store_rocksdb/damage.hpp>

#include <rocksdb/status.h>

namespace godwit::store_rocksdb {

/// Adds what RocksDB says to a report; takes the file and the offset out of its text.
void add_damage(const rocksdb::Status& s, damage_report& report);
/// The disk is full.
[[nodiscard]] bool is_no_space(const rocksdb::Status& s);
/// Throws `open_failed` (io) unless it is good.
void check_opening(const rocksdb::Status& s, const std::string& directory);

}  // namespace godwit::store_rocksdb
