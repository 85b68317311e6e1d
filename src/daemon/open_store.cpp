#include "open_store.hpp"

#include "state_directory.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace godwit::daemon {

namespace {

std::string_view remedy_for(store_rocksdb::open_error why) noexcept {
  switch (why) {
    case store_rocksdb::open_error::in_use:
      return "stop that process, or give this one another directory with store.directory";
    case store_rocksdb::open_error::damaged:
      return "restore a backup (godwitd store restore), or start once with --quarantine, which "
             "sets "
             "aside what cannot be read";
    case store_rocksdb::open_error::newer_schema:
      return "run the newer version again; this one cannot read its store";
    case store_rocksdb::open_error::not_a_store:
      return "name an empty directory, or one that does not exist, with store.directory";
    case store_rocksdb::open_error::io:
      return "check the directory's owner, mode and disk";
  }
  return "none";
}

}  // namespace

std::string store_directory(const command_line& line, const config::store_settings& settings) {
  if (!line.store_directory.empty()) return line.store_directory;
  if (!settings.directory.empty()) return settings.directory;
  if (auto found = default_state_directory(state_environment::of_process())) return *found;
  throw std::runtime_error(
      "neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME is set; name a directory with "
      "store.directory, or set store.persistence to none");
}

store_rocksdb::options store_options(const command_line& line, const config::configuration& c) {
  store_rocksdb::options o;
  o.directory = store_directory(line, c.store);
  o.announce_when = c.store.ack == config::acknowledge::durable
                        ? store_rocksdb::announce::synced
                        : store_rocksdb::announce::submitted;
  o.damage =
      line.quarantine ? store_rocksdb::on_damage::quarantine : store_rocksdb::on_damage::refuse;
  o.queue_bytes_max = c.store.waiting_bytes_max;
  o.recover_body_bytes =
      c.store.queue_memory != 0 ? c.store.queue_memory : std::numeric_limits<std::size_t>::max();
  if (c.store.low_disk_bytes != 0) o.low_disk_bytes = c.store.low_disk_bytes;
  return o;
}

std::unique_ptr<store_rocksdb::rocksdb_store> open_store(const store_rocksdb::options& how,
                                                         const base::clock& clock,
                                                         observe::logger& log) {
  try {
    make_private_directory(how.directory);
    return store_rocksdb::rocksdb_store::open(how, clock, log);
  } catch (const store_rocksdb::open_failed& e) {
    if (e.why() == store_rocksdb::open_error::damaged) {
      // One line each, because a log line is cut.
      std::istringstream report{e.report().text()};
      for (std::string what; std::getline(report, what);) {
        log.error("store.damaged", {{"what", what}});
      }
      log.error("store.not_opened",
                {{"directory", how.directory}, {"remedy", remedy_for(e.why())}});
    } else {
      log.error("store.not_opened", {{"directory", how.directory},
                                     {"reason", std::string_view{e.what()}},
                                     {"remedy", remedy_for(e.why())}});
    }
  } catch (const std::filesystem::filesystem_error& e) {
    log.error("store.not_opened", {{"directory", how.directory},
                                   {"reason", e.code().message()},
                                   {"remedy", remedy_for(store_rocksdb::open_error::io)}});
  }
  return nullptr;
}

void make_private_directory(const std::string& path) {
  const mode_t mask = ::umask(077);
  std::error_code error;
  std::filesystem::create_directories(path, error);
  ::umask(mask);
  if (error) throw std::filesystem::filesystem_error("cannot make the directory", path, error);
}

}  // namespace godwit::daemon
