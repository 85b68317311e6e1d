#include "inspect.hpp"

#include "codec.hpp"
#include "status.hpp"
#include "wal_scan.hpp"

#include <filesystem>

namespace godwit::store_rocksdb {
namespace {

/// A commit has been here: not only what making a database leaves when it is interrupted.
bool has_content(const std::string& database) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator{database, error}) {
    const auto kind = file.path().extension();
    if (kind == ".sst" || (kind == ".log" && file.file_size(error) != 0)) return true;
  }
  return false;
}

std::uint32_t check_schema(database& db, const std::string& directory) {
  std::string value;
  const rocksdb::Status s = db.db().Get({}, db.meta(), "schema", &value);
  if (!s.ok()) return 0;  // replay reports what cannot be read
  byte_reader from{value};
  std::ignore = from.integer<std::uint8_t>();
  const auto found = from.integer<std::uint32_t>();
  if (found > schema) {
    throw open_failed{open_error::newer_schema,
                      directory + ": written by a later version: its schema is " +
                          std::to_string(found) + ", this version knows " + std::to_string(schema)};
  }
  return found;
}

bool is_damage(const rocksdb::Status& s) {
  return s.IsCorruption() || s.IsNotFound() || s.IsInvalidArgument() || s.IsPathNotFound() ||
         s.IsNotSupported();
}

}  // namespace

inspection inspect(const std::string& directory, const options& how,
                   const internal_options& seams) {
  const store_paths paths{directory};
  inspection out;
  const auto watermark = watermark_file::read(paths.watermark);
  const bool never_committed = watermark.value_or(0) == 0 && !has_content(paths.database);
  if (!has_database(paths.database)) {
    if (never_committed) {
      out.is_new = true;
    } else {
      out.damage.places.push_back({paths.database + "/CURRENT", {}, "the file is missing"});
      out.damage.others_possible = true;
    }
    return out;
  }
  rocksdb::Status strict =
      database::open(paths.database, how, seams, access::read_only, log_end::strict, out.db);
  if (!strict.ok() && never_committed) {
    out.is_new = true;
    return out;
  }
  if (!strict.ok() && !is_damage(strict)) {
    throw open_failed{open_error::io, directory + ": " + strict.ToString()};
  }
  if (!strict.ok()) {
    const rocksdb::Status torn =
        database::open(paths.database, how, seams, access::read_only, log_end::torn, out.db);
    if (!torn.ok()) {
      add_damage(strict, out.damage);
      add_damage(torn, out.damage);
      find_log_damage(paths.database, out.damage);
      out.damage.others_possible = true;
      return out;
    }
  }
  out.schema = check_schema(*out.db, directory);
  out.found = replay_journal(*out.db, watermark, out.damage);
  if (!strict.ok()) {
    // Only what no acknowledgement waited for may be cut off, and only the watermark can tell;
    // a store without chunks has not committed anything yet.
    if (out.damage.empty() && (watermark || out.found.journal.last == 0)) {
      out.torn_tail = true;
    } else {
      add_damage(strict, out.damage);
      out.damage.others_possible = true;
    }
  }
  if (out.damage.empty()) return out;
  find_log_damage(paths.database, out.damage);
  if (!out.damage.missing_chunks.empty()) out.damage.others_possible = true;
  find_gaps(*out.db, out.found, out.damage);
  return out;
}

}  // namespace godwit::store_rocksdb
