#pragma once

#include "commit_rows.hpp"
#include "database.hpp"
#include "tables.hpp"

#include <godwit/store/store.hpp>
#include <godwit/store_rocksdb/damage.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::store_rocksdb {

/// The journal as it was found.
struct journal_state {
  std::uint64_t first = 0;  ///< oldest chunk that counts; 0 = there is none
  std::uint64_t last = 0;
  std::uint64_t last_hash = 0;
  std::uint64_t bytes = 0;       ///< of the chunks that count
  std::uint64_t full_bytes = 0;  ///< as if every entry in them were written in full
  row_digests rows{};

  /// How many of `bytes` a restart needs, roughly, when `full_live` of `full_bytes` are needed.
  [[nodiscard]] std::uint64_t live_bytes(std::uint64_t full_live) const noexcept;
};

/// Rows and journal read into memory: what a start needs.
struct replayed {
  std::unique_ptr<tables> state = std::make_unique<tables>();
  journal_state journal;
  tables::settled settled;
  std::string uuid;
};

/// Reads everything that counts and checks it. What is wrong is added to `report`; then the result
/// is what could be read.
/// `watermark`: the last chunk that was durable for sure, if that is known.
[[nodiscard]] replayed replay_journal(database& db, std::optional<std::uint64_t> watermark,
                                      damage_report& report);

/// What `recover` hands out.
struct restored {
  std::vector<store::restored_session> sessions;  ///< by number
  std::vector<store::restored_will> wills;
  std::vector<base::ref<const mqtt::message>> retained;
  std::uint64_t bodies_bytes = 0;
  std::uint64_t messages = 0;
};
/// Second reading: builds logs, and loads bodies up to `body_bytes`. What is wrong is added to
/// `report`.
[[nodiscard]] restored restore_sessions(database& db, const replayed& from, std::size_t body_bytes,
                                        damage_report& report);

/// Session numbers with the positions that were written and are not in the journal any more.
void find_gaps(database& db, const replayed& from, damage_report& report);

}  // namespace godwit::store_rocksdb
