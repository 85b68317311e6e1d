#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/observe/histogram.hpp>
#include <godwit/observe/log.hpp>
#include <godwit/store/store.hpp>
#include <godwit/store_rocksdb/damage.hpp>
#include <godwit/store_rocksdb/options.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace godwit::store_rocksdb {

/// Numbers for metrics; each is right by itself, together they are of about the same moment.
struct gauges {
  std::uint64_t commits = 0;         ///< chunks written since the start
  std::uint64_t records = 0;         ///< records taken since the start
  std::uint64_t queue_bytes = 0;     ///< waits for the disk
  std::uint64_t journal_bytes = 0;   ///< chunks that count
  std::uint64_t live_bytes = 0;      ///< of them, what a restart still needs, roughly
  std::uint64_t moved_bytes = 0;     ///< written again by garbage collection since the start
  std::uint64_t queued_entries = 0;  ///< messages in all logs
  std::uint64_t bodies = 0;          ///< message bodies they share
  std::uint64_t fetched_bodies = 0;  ///< since the start
  std::uint64_t table_bytes = 0;     ///< memory of what knows where messages lie, as last looked at
};

struct internal_options;

/// Durable state in RocksDB: one journal chunk per group commit, ordinary keys for what is small
/// (docs/store_format.md). Owns two threads: the committer, the only one that writes, and one that
/// reads bodies. Outlives the shards. Everything but `recover` is thread-safe.
class rocksdb_store final : public store::store {
 public:
  /// Opens or makes the store, reads all of it and checks it. `clock` and `log` outlive it.
  /// Throws `open_failed`. Logs store.opened; later store.low_disk, store.full, store.good,
  /// store.failed.
  [[nodiscard]] static std::unique_ptr<rocksdb_store> open(const options& how,
                                                           const base::clock& clock,
                                                           observe::logger& log);
  /// With seams for tests; `internal_options` is private to the module.
  [[nodiscard]] static std::unique_ptr<rocksdb_store> open(const options& how,
                                                           const base::clock& clock,
                                                           observe::logger& log,
                                                           const internal_options& seams);
  /// Commits what was submitted if the disk lets it, then closes.
  ~rocksdb_store() override;

  [[nodiscard]] ::godwit::store::ticket submit(::godwit::store::batch&& records) override;
  void hold() noexcept override;
  void release() noexcept override;
  [[nodiscard]] ::godwit::store::ticket durable() const noexcept override;
  void on_news(std::function<void()> announce) override;
  [[nodiscard]] ::godwit::store::condition state() const noexcept override;
  [[nodiscard]] bool has_room() const noexcept override;
  void fetch(::godwit::store::fetch_request&& wanted) override;
  [[nodiscard]] std::vector<::godwit::store::fetched> take_fetched(std::uint8_t shard) override;
  /// Hands out what `open` has read, once. Logs store.recovered.
  ::godwit::store::high_water recover(::godwit::store::recovery_visitor& visitor) override;

  /// Heap bytes of RocksDB and of what knows where messages lie, about. Any thread.
  [[nodiscard]] std::uint64_t memory_size() const;
  [[nodiscard]] gauges read_gauges() const noexcept;
  /// How long group commits took since the start, in µs, from taking the records to the disk.
  [[nodiscard]] observe::histogram_totals read_commit_times() const;
  /// What went wrong, once `state()` is failed or full; empty before.
  [[nodiscard]] std::string failure() const;
  /// Writes a consistent copy into `directory`, which must not exist, while the store is in use.
  /// Waits for the disk: not for a shard's thread. Throws `open_failed`.
  void backup(const std::string& directory);

 private:
  struct engine;
  explicit rocksdb_store(std::unique_ptr<engine> e);
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::store_rocksdb
