#pragma once

#include <godwit/store_rocksdb/damage.hpp>

#include <cstdint>
#include <string>

namespace godwit::store_rocksdb {

/// What a store holds.
struct store_stats {
  std::string uuid;
  std::uint32_t schema = 0;
  std::uint64_t first_chunk = 0;
  std::uint64_t last_chunk = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t disk_bytes = 0;  ///< all files, the ballast too
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t entries = 0;  ///< messages in logs
  std::uint64_t bodies = 0;   ///< bodies they share
  std::uint64_t retained = 0;
  std::uint64_t wills = 0;
  std::uint64_t qos2_ids = 0;
};

struct verify_report {
  damage_report damage;    ///< empty: every byte that a start would read is as it was written
  bool torn_tail = false;  ///< a commit was cut off before it was acknowledged; no damage
  store_stats stats;       ///< of what can be read
};

/// These read a store that no process has open, and change nothing in it. They throw `open_failed`:
/// in_use, not_a_store, newer_schema, io; `stats` and `backup` also damaged.
[[nodiscard]] verify_report verify(const std::string& directory);
[[nodiscard]] store_stats stats(const std::string& directory);
/// Copies a sound store to `target`, which must not exist.
void backup(const std::string& directory, const std::string& target);

/// Verifies the backup and copies it to `directory`, which must not exist or be empty.
void restore(const std::string& backup, const std::string& directory);

}  // namespace godwit::store_rocksdb
