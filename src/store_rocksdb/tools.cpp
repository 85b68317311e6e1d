#include "inspect.hpp"
#include "open_database.hpp"

#include <godwit/store_rocksdb/tools.hpp>

#include <filesystem>

namespace godwit::store_rocksdb {
namespace {

namespace fs = std::filesystem;

/// A store that nobody else opens meanwhile.
struct looked_at {
  file_handle lock;
  inspection found;
};

looked_at look_at(const std::string& directory) {
  const store_paths paths{directory};
  std::error_code error;
  if (!fs::is_directory(paths.database, error) && !fs::exists(paths.watermark, error)) {
    throw open_failed{open_error::not_a_store, directory + ": is not a store"};
  }
  looked_at out;
  out.lock = lock_store(paths.lock);
  options how;
  how.directory = directory;
  out.found = inspect(directory, how, {});
  return out;
}

std::uint64_t bytes_in(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& file : fs::recursive_directory_iterator{directory, error}) {
    if (file.is_regular_file(error)) bytes += file.file_size(error);
  }
  return bytes;
}

std::uint64_t rows_in(database& db, column c) {
  std::uint64_t count = 0;
  const std::unique_ptr<rocksdb::Iterator> row{db.db().NewIterator({}, db.rows(c))};
  for (row->SeekToFirst(); row->Valid(); row->Next()) ++count;
  return row->status().ok() ? count : 0;
}

store_stats stats_of(const inspection& from, const std::string& directory) {
  store_stats s;
  const journal_state& j = from.found.journal;
  const tables& t = *from.found.state;
  s.uuid = from.found.uuid;
  s.schema = from.schema;
  s.first_chunk = j.first;
  s.last_chunk = j.last;
  s.journal_bytes = j.bytes;
  s.live_bytes = j.live_bytes(t.full_live_bytes());
  s.disk_bytes = bytes_in(directory);
  s.sessions = t.sessions().size();
  s.entries = t.entries();
  s.bodies = t.messages().size();
  s.qos2_ids = t.qos2_ids();
  if (from.db) {
    s.subscriptions = rows_in(*from.db, column::subscription);
    s.retained = rows_in(*from.db, column::retained);
    s.wills = rows_in(*from.db, column::will);
  }
  return s;
}

void copy_files(const std::string& from, const std::string& to) {
  std::error_code error;
  if (fs::exists(to, error) && !fs::is_empty(to, error)) {
    throw open_failed{open_error::io, to + ": is not empty"};
  }
  fs::create_directories(to, error);
  const store_paths source{from};
  const store_paths target{to};
  if (!error) fs::copy(source.database, target.database, fs::copy_options::recursive, error);
  if (!error) fs::copy_file(source.watermark, target.watermark, error);
  if (error) throw open_failed{open_error::io, to + ": " + error.message()};
  for (const auto& file : fs::recursive_directory_iterator{to}) {
    if (const auto failed = sync_file(file.path().string())) {
      throw open_failed{open_error::io, file.path().string() + ": " + failed.message()};
    }
  }
}

}  // namespace

verify_report verify(const std::string& directory) {
  looked_at at = look_at(directory);
  verify_report out;
  if (at.found.db) {
    // The second reading sees what the first takes for granted.
    std::ignore = restore_sessions(*at.found.db, at.found.found, 0, at.found.damage);
  }
  out.stats = stats_of(at.found, directory);
  out.damage = std::move(at.found.damage);
  out.torn_tail = at.found.torn_tail;
  return out;
}

store_stats stats(const std::string& directory) {
  looked_at at = look_at(directory);
  if (!at.found.damage.empty()) throw open_failed{std::move(at.found.damage)};
  return stats_of(at.found, directory);
}

void backup(const std::string& directory, const std::string& target) {
  looked_at at = look_at(directory);
  if (!at.found.damage.empty()) throw open_failed{std::move(at.found.damage)};
  at.found.db.reset();
  std::error_code error;
  if (fs::exists(target, error)) throw open_failed{open_error::io, target + ": exists"};
  copy_files(directory, target);
}

void restore(const std::string& backup, const std::string& directory) {
  verify_report report = verify(backup);
  if (!report.damage.empty()) throw open_failed{std::move(report.damage)};
  copy_files(backup, directory);
}

}  // namespace godwit::store_rocksdb
