#include "open_database.hpp"

#include "meta.hpp"
#include "quarantine.hpp"
#include "status.hpp"

#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>

#include <filesystem>

namespace godwit::store_rocksdb {
namespace {

constexpr mode_t private_directory = 0700;

[[noreturn]] void cannot(const std::string& what, const std::string& why) {
  throw open_failed{open_error::io, what + ": " + why};
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), private_directory) != 0 && errno != EEXIST) {
    cannot(path, last_error().message());
  }
}

/// Nothing but a store's files may be there, and the socket of who uses it.
void check_is_ours(const std::string& directory) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator{directory, error}) {
    const std::string name = file.path().filename().string();
    if (name == "db" || name == "db.new" || name == "lock" || name == "watermark" ||
        name == "ballast" || name == "control" || name == "lost+found" ||
        name.starts_with("quarantine-")) {
      continue;
    }
    throw open_failed{open_error::not_a_store,
                      directory + ": holds \"" + name + "\", which is not a store's"};
  }
  if (error) cannot(directory, error.message());
}

void log_damage(const damage_report& report, observe::logger& log) {
  for (const damaged_place& p : report.places) {
    log.error("store.damaged",
              {{"file", p.file}, {"offset", p.offset.value_or(0)}, {"what", p.what}});
  }
  for (const chunk_range& r : report.missing_chunks) {
    log.error("store.chunks_missing", {{"first", r.first}, {"last", r.last}});
  }
  for (const log_gap& g : report.gaps) {
    log.error("store.session_gap", {{"session", g.session},
                                    {"client", g.client_id},
                                    {"first_position", g.first_position},
                                    {"last_position", g.last_position}});
  }
}

}  // namespace

opened_store open_store(const options& how, const base::clock& clock, observe::logger& log,
                        const internal_options& seams) {
  const base::steady_time begin = clock.now().steady;
  const store_paths paths{how.directory};
  make_directory(how.directory);
  check_is_ours(how.directory);
  opened_store out;
  out.lock = lock_store(paths.lock);
  inspection found = inspect(how.directory, how, seams);
  if (found.damage.empty() && found.db) {
    out.content = restore_sessions(*found.db, found.found, how.recover_body_bytes, found.damage);
  }
  if (!found.damage.empty()) {
    if (how.damage == on_damage::refuse) throw open_failed{std::move(found.damage)};
    log_damage(found.damage, log);
    const std::string moved_to = quarantine(how.directory, how, seams, std::move(found));
    log.error("store.quarantined", {{"directory", how.directory}, {"moved_to", moved_to}});
    found = inspect(how.directory, how, seams);
    out.content = restore_sessions(*found.db, found.found, how.recover_body_bytes, found.damage);
    if (!found.damage.empty()) throw open_failed{std::move(found.damage)};
  }
  found.db.reset();
  const log_end end = found.torn_tail ? log_end::torn : log_end::strict;
  const rocksdb::Status s =
      database::open(paths.database, how, seams, access::read_write, end, out.db);
  check_opening(s, how.directory);
  if (found.found.uuid.empty()) {
    write_fresh_meta(*out.db, how.directory);
  } else {
    raise_schema(*out.db, how.directory);
  }
  out.journal = std::move(found.found);
  if (const auto error = out.watermark.open(paths.watermark)) {
    cannot(paths.watermark, error.message());
  }
  std::ignore = out.watermark.write(out.journal.journal.last);
  sync_directory(how.directory);
  const journal_state& j = out.journal.journal;
  out.chunks = j.first == 0 ? 0 : j.last - j.first + 1;
  out.seconds = std::chrono::duration<double>(clock.now().steady - begin).count();
  log.info(
      "store.opened",
      {{"directory", how.directory}, {"torn_tail", found.torn_tail}, {"journal_bytes", j.bytes}});
  return out;
}

void copy_store(database& db, std::uint64_t durable_chunk, const std::string& directory) {
  if (::mkdir(directory.c_str(), private_directory) != 0) {
    cannot(directory, last_error().message());
  }
  const store_paths paths{directory};
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status s = rocksdb::Checkpoint::Create(&db.db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
  if (s.ok()) s = checkpoint->CreateCheckpoint(paths.database);
  if (!s.ok()) cannot(directory, s.ToString());
  watermark_file watermark;
  auto error = watermark.open(paths.watermark);
  if (!error) error = watermark.write(durable_chunk);
  if (!error) error = watermark.sync();
  if (error) cannot(paths.watermark, error.message());
  sync_directory(directory);
}

}  // namespace godwit::store_rocksdb
