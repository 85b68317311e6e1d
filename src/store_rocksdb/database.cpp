#include "database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/table.h>
#include <unistd.h>

#include <limits>

namespace godwit::store_rocksdb {
namespace {

/// RocksDB keeps a log of its own, which nobody reads and which grows; errors reach us as Status.
class no_logger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

constexpr std::array<const char*, 7> names{"default", "journal",  "meta", "session",
                                           "sub",     "retained", "will"};

/// A long journal has thousands of files. They come out of what `tuning.files_reserved` keeps free.
constexpr int open_files_max = 64;

rocksdb::DBOptions database_options(const options& how, log_end end, rocksdb::Env* env) {
  rocksdb::DBOptions o;
  o.env = env;
  o.create_if_missing = true;
  o.create_missing_column_families = true;
  o.paranoid_checks = true;
  o.info_log = std::make_shared<no_logger>();
  o.recycle_log_file_num = 0;
  o.max_total_wal_size = how.wal_bytes_max;
  o.max_open_files = open_files_max;
  o.table_cache_numshardbits = 2;  // shares of so few files
  o.wal_recovery_mode = end == log_end::strict ? rocksdb::WALRecoveryMode::kAbsoluteConsistency
                                               : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.track_and_verify_wals_in_manifest = true;
  o.max_background_jobs = 2;
  o.max_bgerror_resume_count = 0;  // we decide what is tried again
  o.allow_concurrent_memtable_write = false;
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.persist_stats_to_disk = false;
  return o;
}

rocksdb::ColumnFamilyOptions row_options(const options& how,
                                         const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions o;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.checksum = rocksdb::ChecksumType::kxxHash64;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  o.write_buffer_size = how.write_buffer_bytes;
  o.max_write_buffer_number = 3;
  o.compression = rocksdb::CompressionType::kNoCompression;
  o.bottommost_compression = rocksdb::CompressionType::kNoCompression;
  return o;
}

/// Chunks are written in the order of their keys and dropped from the front, so files never
/// overlap: each is moved down as it is, and deleted whole.
rocksdb::ColumnFamilyOptions journal_options(const options& how,
                                             const std::shared_ptr<rocksdb::Cache>& cache) {
  constexpr std::uint64_t never = std::uint64_t{1} << 50U;
  rocksdb::ColumnFamilyOptions o = row_options(how, cache);
  o.level0_file_num_compaction_trigger = 1;
  o.level0_slowdown_writes_trigger = 1'000;
  o.level0_stop_writes_trigger = 2'000;
  o.max_bytes_for_level_base = never;
  o.target_file_size_base = std::uint64_t{1} << 30U;
  o.soft_pending_compaction_bytes_limit = 0;
  o.hard_pending_compaction_bytes_limit = 0;
  return o;
}

}  // namespace

bool has_database(const std::string& path) {
  return ::access((path + "/CURRENT").c_str(), F_OK) == 0;
}

rocksdb::Status database::open(const std::string& path, const options& how,
                               const internal_options& seams, access a, log_end end,
                               std::unique_ptr<database>& to) {
  std::unique_ptr<database> fresh{new database};
  rocksdb::Env* env = rocksdb::Env::Default();
  if (seams.file_system) {
    fresh->env_ = rocksdb::NewCompositeEnv(seams.file_system);
    env = fresh->env_.get();
  }
  const rocksdb::DBOptions o = database_options(how, end, env);
  const auto cache = rocksdb::NewLRUCache(std::size_t{16} << 20U);
  std::vector<rocksdb::ColumnFamilyDescriptor> columns;
  for (const char* const name : names) {
    const bool is_journal = std::string_view{name} == "journal";
    columns.emplace_back(name, is_journal ? journal_options(how, cache) : row_options(how, cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status s = a == access::read_only
                                ? rocksdb::DB::OpenForReadOnly(o, path, columns, &handles, &db)
                                : rocksdb::DB::Open(o, path, columns, &handles, &db);
  if (!s.ok()) return s;
  fresh->db_.reset(db);
  std::copy(handles.begin(), handles.end(), fresh->handles_.begin());
  to = std::move(fresh);
  return s;
}

rocksdb::Status database::close() {
  if (!db_) return rocksdb::Status::OK();
  for (rocksdb::ColumnFamilyHandle*& h : handles_) {
    if (h != nullptr) std::ignore = db_->DestroyColumnFamilyHandle(h);
    h = nullptr;
  }
  const rocksdb::Status s = db_->Close();
  db_.reset();
  return s;
}

database::~database() {
  std::ignore = close();
}

}  // namespace godwit::store_rocksdb
